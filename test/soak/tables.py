"""What others do with the tables of a soak, and what they find in files; prints JSON.

tables.py runs FILE...              coordinates in Parquet files, as runs of offsets
tables.py same FILE... -- FILE...   how many coordinates only one of both sides has
tables.py rows TABLE                counted by a reader of Delta
tables.py optimize TABLE            small files become large ones
tables.py vacuum TABLE              files that the log no longer refers to are deleted
"""

import json
import sys

import duckdb
import duckdb_extension_httpfs
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from read_table import STORE, connect, load, secret

COORDINATES = "_kafka_partition AS part, _kafka_offset AS place"
RUNS = f"""
  WITH found AS (
    SELECT {COORDINATES}, count(*) AS times FROM read_parquet($files) GROUP BY ALL
  ), islands AS (
    SELECT *, place - row_number() OVER (PARTITION BY part, times ORDER BY place) AS island FROM found
  )
  SELECT part, min(place), max(place) + 1, times FROM islands GROUP BY part, times, island"""
ONE = f"SELECT {COORDINATES} FROM read_parquet($one)"
OTHER = f"SELECT {COORDINATES} FROM read_parquet($other)"
DIFFERENT = f"SELECT count(*) FROM (({ONE} EXCEPT ALL {OTHER}) UNION ALL ({OTHER} EXCEPT ALL {ONE}))"


def database():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    if "AWS_ENDPOINT_URL" in STORE:
        load(connection, duckdb_extension_httpfs)
        connection.execute(secret(STORE))
    return connection


def runs(*files):
    keys = ("partition", "low", "past", "times")
    found = database().execute(RUNS, {"files": list(files)}).fetchall()
    return [dict(zip(keys, row)) for row in found]


def same(*files):
    middle = files.index("--")
    sides = {"one": list(files[:middle]), "other": list(files[middle + 1 :])}
    return database().execute(DIFFERENT, sides).fetchone()[0]


def rows(path):
    return connect(path).execute("SELECT count(*) FROM t").fetchone()[0]


def optimize(path):
    """Files rewritten; none when somebody else's commit came between too often."""
    try:
        return DeltaTable(path, storage_options=STORE).optimize.compact()["numFilesRemoved"]
    except CommitFailedError:
        return 0


def vacuum(path):
    """Without `full` only files that a commit removed: those of open batches are nobody else's to judge."""
    table = DeltaTable(path, storage_options=STORE)
    return len(table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False))


if __name__ == "__main__":
    modes = {"runs": runs, "same": same, "rows": rows, "optimize": optimize, "vacuum": vacuum}
    mode, *arguments = sys.argv[1:]
    json.dump(modes[mode](*arguments), sys.stdout)
