"""Writes to a Delta table as others do: `delta-rs`, by way of its Python package.

other_writer.py PATH     takes commands from standard input, one JSON array a line: the name of a
                         function below and its arguments; answers each with a line of JSON
"""

import json
import sys

from deltalake import DeltaTable, Field, QueryBuilder
from deltalake.exceptions import CommitFailedError
from deltalake.schema import PrimitiveType

ATTEMPTS = 50
SAFE_HOURS = 168


def compact(path):
    """Small files become large ones."""
    return DeltaTable(path).optimize.compact()["numFilesRemoved"]


def vacuum(path):
    """Files that commits have removed; of those that no commit names, only what is old."""
    removed = DeltaTable(path).vacuum(0, dry_run=False, enforce_retention_duration=False)
    strays = DeltaTable(path).vacuum(SAFE_HOURS, dry_run=False, full=True)
    return {"removed": len(removed), "strays": len(strays)}


def delete(path, predicate):
    """Coordinates of the rows that are there when the deletion begins: it deletes these."""
    table = DeltaTable(path)
    columns = "_kafka_partition, _kafka_offset"
    matching = f"SELECT {columns} FROM t WHERE {predicate}"
    batches = QueryBuilder().register("t", table).execute(matching).read_all()
    rows = list(zip(*(batches.column(at).to_pylist() for at in range(2))))
    deleted = table.delete(predicate)["num_deleted_rows"]
    if deleted != len(rows):
        raise RuntimeError(f"{deleted} rows deleted instead of {len(rows)}")
    return rows


def add_column(path, name):
    DeltaTable(path).alter.add_columns([Field(name, PrimitiveType("string"), nullable=True)])


def insist(command, path, *args):
    """What the log's other writers overtook is begun anew."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return {"attempts": attempt, "answer": command(path, *args)}
        except CommitFailedError:
            if attempt == ATTEMPTS:
                raise


COMMANDS = {command.__name__: command for command in (compact, vacuum, delete, add_column)}


if __name__ == "__main__":
    for line in sys.stdin:
        name, *args = json.loads(line)
        print(json.dumps(insist(COMMANDS[name], sys.argv[1], *args)), flush=True)
