"""The peer's job: Kafka JSON -> from_json -> Delta with PySpark Structured Streaming; prints one JSON line.

It parses and writes and checks nothing, which is less than Headgate does. The warm-up topic runs
through the same query first, untimed, so that a warm JVM is measured.
"""

import argparse
import json
import os
import threading
import time

from pyspark.sql.functions import col, from_json
from spark_session import session

SCHEMA = (
    "event_id string, user_id long, event_time timestamp, event_type string, amount double, "
    "country string, page string, session string, seq long"
)


def usage_of_tree(root):
    """Resident KiB and CPU-seconds of a process and all below it."""
    children, cpu = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        cpu[int(name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    resident, seconds, left = 0, 0.0, [root]
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        seconds += cpu.get(pid, 0.0)
        try:
            with open(f"/proc/{pid}/statm") as file:
                resident += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
        except OSError:
            pass
    return resident, seconds


class PeakMemory:
    """Highest resident KiB of this process and the JVM, sampled."""

    def __init__(self):
        self.kib, self.stopped = 0, threading.Event()
        threading.Thread(target=self.sample, daemon=True).start()

    def sample(self):
        while not self.stopped.wait(0.1):
            self.kib = max(self.kib, usage_of_tree(os.getpid())[0])


def run(spark, bootstrap, topic, path, rows_a_batch):
    """Seconds from the start of the query to its end."""
    source = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
    )
    if rows_a_batch:
        source = source.option("maxOffsetsPerTrigger", rows_a_batch)
    rows = source.load().select(
        from_json(col("value").cast("string"), SCHEMA).alias("event"), "topic", "partition", "offset", "timestamp"
    )
    began = time.time()
    query = (
        rows.select("event.*", "topic", "partition", "offset", "timestamp")
        .writeStream.format("delta")
        .option("checkpointLocation", f"{path}.checkpoint")
        .trigger(availableNow=True)
        .start(path)
    )
    query.awaitTermination()
    return time.time() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--warmup-topic", required=True)
    parser.add_argument("--jars", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--rows-a-batch", type=int, default=0, help="0: everything in one batch")
    options = parser.parse_args()
    peak = PeakMemory()
    spark = session(options.jars, options.folder, memory="2g")
    run(spark, options.bootstrap, options.warmup_topic, f"{options.folder}/spark-warmup", options.rows_a_batch)
    before = usage_of_tree(os.getpid())[1]
    table = f"{options.folder}/spark"
    seconds = run(spark, options.bootstrap, options.topic, table, options.rows_a_batch)
    cpu = usage_of_tree(os.getpid())[1] - before
    peak.stopped.set()
    written = spark.read.format("delta").load(table).count()
    result = {
        "rows": written,
        "seconds": seconds,
        "rowsPerSecond": written / seconds,
        "cpuSeconds": cpu,
        "peakRssMb": peak.kib / 1024,
    }
    print(json.dumps(result), flush=True)
    spark.stop()
    raise SystemExit(0 if written == options.rows else 1)


if __name__ == "__main__":
    main()
