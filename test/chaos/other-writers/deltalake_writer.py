"""Writes to a Delta table as `delta-rs` does, by way of its Python package.

deltalake_writer.py PATH     does what `commands.py` reads
"""

import sys

from commands import SAFE_HOURS, expect_deleted, serve
from deltalake import DeltaTable, Field, QueryBuilder
from deltalake.exceptions import CommitFailedError
from deltalake.schema import PrimitiveType

PATH = sys.argv[1]


def compact():
    """Small files become large ones."""
    return DeltaTable(PATH).optimize.compact()["numFilesRemoved"]


def vacuum():
    """Files that commits have removed; of those that no commit names, only what is old."""
    removed = DeltaTable(PATH).vacuum(0, dry_run=False, enforce_retention_duration=False)
    DeltaTable(PATH).vacuum(SAFE_HOURS, dry_run=False, full=True)
    return len(removed)


def delete(predicate):
    """Coordinates of the rows that are there when the deletion begins: it deletes these."""
    table = DeltaTable(PATH)
    columns = "_kafka_partition, _kafka_offset"
    matching = f"SELECT {columns} FROM t WHERE {predicate}"
    batches = QueryBuilder().register("t", table).execute(matching).read_all()
    rows = list(zip(*(batches.column(at).to_pylist() for at in range(2))))
    expect_deleted(table.delete(predicate)["num_deleted_rows"], rows)
    return rows


def add_column(name):
    DeltaTable(PATH).alter.add_columns([Field(name, PrimitiveType("string"), nullable=True)])


def set_property(name, value):
    DeltaTable(PATH).alter.set_table_properties({name: value})


COMMANDS = (compact, vacuum, delete, add_column, set_property)


if __name__ == "__main__":
    serve(COMMANDS, lambda error: isinstance(error, CommitFailedError))
