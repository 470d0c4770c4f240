"""Fills a topic with events of about 245 bytes, or reads it as fast as librdkafka can; prints one JSON line.

load.py produce --bootstrap HOST:PORT --topic NAME --rows N [--rate ROWS_PER_SECOND]
load.py consume --bootstrap HOST:PORT --topic NAME --rows N
"""

import argparse
import json
import multiprocessing
import resource
import time

from confluent_kafka import Consumer, Producer, TopicPartition

TYPES = ("click", "view", "purchase", "signup")
COUNTRIES = ("DE", "FR", "US", "IN", "BR", "JP")
FIRST_EVENT_S = 1_780_000_000
# One bad row in ten is no JSON at all.
MALFORMED_EVERY = 10
TEMPLATE = (
    '{"event_id":"%016x-%08x","user_id":%d,"event_time":"%s.%03dZ","event_type":"%s","amount":%d.%02d,'
    '"country":"%s","page":"/shop/category/%d/item/%d","session":"%032x","seq":%d}'
)
DAMAGES = (
    lambda text: text.replace('"event_type":"', '"event_type":"un', 1),
    lambda text: text.replace('"amount":', '"amount":-1', 1),
    lambda text: text.replace('"event_id":', '"event_key":', 1),
    lambda text: text.replace('"user_id":', '"user_id":"none","user":', 1),
    lambda text: text.replace('"event_time":"2', '"event_time":"day ', 1),
)


class Clock:
    """The text of a second, formatted once."""

    second, text = -1, ""

    def at(self, second):
        if second != self.second:
            self.second = second
            self.text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(FIRST_EVENT_S + second))
        return self.text


def event(index, clock, bad_every):
    mixed = (index + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed ^= mixed >> 29
    text = TEMPLATE % (
        mixed, index & 0xFFFFFFFF, mixed % 1_000_000, clock.at(index // 1000), index % 1000, TYPES[mixed & 3],
        mixed % 500, (mixed >> 9) % 100, COUNTRIES[(mixed >> 20) % 6], (mixed >> 24) % 50, (mixed >> 32) % 5000,
        mixed * 0xD1342543DE82EF95 & (1 << 128) - 1, index,
    )  # fmt: skip
    if bad_every == 0 or index % bad_every != bad_every - 1:
        return text
    turn = index // bad_every
    if turn % MALFORMED_EVERY == MALFORMED_EVERY - 1:
        return text[: len(text) // 2]
    return DAMAGES[turn % len(DAMAGES)](text)


def produce(options, worker):
    settings = {
        "bootstrap.servers": options.bootstrap,
        "acks": "all",
        "linger.ms": 20,
        "batch.size": 262144,
        "queue.buffering.max.messages": 500000,
    }
    failed = [0]

    def delivered(error, _message):
        failed[0] += error is not None

    producer, clock, began, sent, size = Producer(settings), Clock(), time.time(), 0, 0
    for index in range(options.rows):
        partition = index // options.in_a_row % options.partitions
        if partition % options.workers != worker:
            continue
        value = event(index, clock, options.bad_every)
        size += len(value)
        while True:
            try:
                producer.produce(options.topic, value, partition=partition, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.05)
        sent += 1
        if sent % 500 == 0:
            producer.poll(0)
            if options.rate:
                time.sleep(max(0.0, began + sent * options.workers / options.rate - time.time()))
    return failed[0] + producer.flush(120), size


def produce_all(options):
    arguments = [(options, worker) for worker in range(options.workers)]
    with multiprocessing.Pool(options.workers) as pool:
        results = pool.starmap(produce, arguments)
    return {
        "failed": sum(failed for failed, _ in results),
        "averageBytes": round(sum(size for _, size in results) / options.rows, 1),
    }


def consume(options):
    consumer = Consumer(
        {
            "bootstrap.servers": options.bootstrap,
            "group.id": "raw",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 131072,
            # Its default, a whole second, would leave the client idle most of the time.
            "fetch.queue.backoff.ms": 5,
        }
    )
    partitions = consumer.list_topics(options.topic, 10).topics[options.topic].partitions
    consumer.assign([TopicPartition(options.topic, partition, 0) for partition in partitions])
    began, seen = time.time(), 0
    while seen < options.rows:
        messages = consumer.consume(10000, 30.0)
        if not messages:
            raise SystemExit(f"nothing more came after {seen} rows")
        seen += len(messages)
    seconds = time.time() - began
    consumer.close()
    return {"failed": 0, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["produce", "consume"])
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--in-a-row", type=int, default=1, help="rows that go to one partition, one after the other")
    parser.add_argument("--bad-every", type=int, default=20, help="one row in so many is bad; 0: none is")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=0, help="rows a second; 0: as fast as it goes")
    options = parser.parse_args()
    began = time.time()
    result = produce_all(options) if options.mode == "produce" else consume(options)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = result.setdefault("seconds", time.time() - began)
    result |= {
        "rowsPerSecond": options.rows / seconds,
        "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "peakRssMb": usage.ru_maxrss / 1024,
    }
    print(json.dumps(result))
    raise SystemExit(1 if result["failed"] else 0)


if __name__ == "__main__":
    main()
