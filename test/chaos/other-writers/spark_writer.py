"""Writes to a Delta table as Spark does.

spark_writer.py PATH JARS FOLDER     does what `commands.py` reads
"""

import os
import sys

from commands import SAFE_HOURS, expect_deleted, serve
from spark_session import session

PATH, JARS, FOLDER = sys.argv[1:]
TABLE = f"delta.`{PATH}`"
# What a commit in between can bring upon a transaction.
OVERTAKEN = ("DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED")
# Among the newest commits; most of them are the worker's.
HISTORY = 1_000


def compact():
    """Small files become large ones."""
    return sql(f"OPTIMIZE {TABLE}").first()["metrics"]["numFilesRemoved"]


def vacuum():
    """Files that commits have removed; of those that no commit names, only what is old."""
    check = "spark.databricks.delta.retentionDurationCheck.enabled"
    spark.conf.set(check, "false")
    sql(f"VACUUM {TABLE} LITE RETAIN 0 HOURS")
    spark.conf.set(check, "true")
    removed = removed_by_vacuum()
    sql(f"VACUUM {TABLE} FULL RETAIN {SAFE_HOURS} HOURS")
    return removed


def removed_by_vacuum():
    ends = sql(f"DESCRIBE HISTORY {TABLE} LIMIT {HISTORY}").where("operation = 'VACUUM END'")
    return int(ends.orderBy("version", ascending=False).first()["operationMetrics"]["numDeletedFiles"])


def delete(predicate):
    """Coordinates of the rows that are there when the deletion begins: it deletes these."""
    matching = f"SELECT _kafka_partition, _kafka_offset FROM {TABLE} WHERE {predicate}"
    rows = [list(row) for row in sql(matching).collect()]
    expect_deleted(sql(f"DELETE FROM {TABLE} WHERE {predicate}").first()["num_affected_rows"], rows)
    return rows


def add_column(name):
    sql(f"ALTER TABLE {TABLE} ADD COLUMNS ({name} STRING)")


def sql(text):
    """An error keeps what it says, and not where in Spark it came from."""
    try:
        return spark.sql(text)
    except Exception as error:
        raise RuntimeError(str(error).split("\n\tat ")[0]) from None


def is_overtaken(error):
    return any(condition in str(error) for condition in OVERTAKEN)


if __name__ == "__main__":
    # Spark's own words are no answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    spark = session(JARS, FOLDER, memory="1g")
    # Otherwise it is the kind of file system that decides.
    spark.conf.set("spark.databricks.delta.vacuum.logging.enabled", "true")
    # A vacuum lists files in so many tasks; in thousands unless told.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")
    serve((compact, vacuum, delete, add_column), is_overtaken, answers)
