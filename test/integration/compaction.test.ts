import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { type Destination, differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Found, readTopic } from "../support/kafka/read-topic.ts";
import { type Coordinate, createTopic, type Outgoing, produce } from "../support/kafka/topics.ts";
import { ledgersOf } from "../support/ledger.ts";
import { runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");
const kafkaData = inject("kafkaData");
const KEYS = 70;
const SEGMENT_MS = 100;

const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.ms": String(SEGMENT_MS),
  "min.cleanable.dirty.ratio": "0.001",
  "max.compaction.lag.ms": "1",
};

/** Keys in turn, so that of each only the newest value survives; every 25th is a tombstone. */
function keyed(from: number, count: number): Outgoing[] {
  return records(count, { from, partitions: 1 }).map(({ value }, at) => ({
    key: `${(from + at) % KEYS}`,
    value: isTombstone(from + at) ? null : value,
  }));
}

function isTombstone(offset: number): boolean {
  return offset % 25 === 24;
}

/** Under `tombstones: reject`. In a topic of one partition, offsets count what was produced. */
function destinations(of: readonly Coordinate[]): (index: number) => Destination {
  return (index) => {
    const offset = of[index]?.offset ?? Number.NaN;
    return isTombstone(offset) ? "deadLetters" : destinationOf(offset);
  };
}

/** Produces once more, which closes the segment, and waits until everything before is compacted. */
async function compact(topic: string, produced: Coordinate[]): Promise<Found[]> {
  await sleep(2 * SEGMENT_MS);
  const end = produced.length;
  produced.push(...(await produce(bootstrapServers, topic, keyed(end, 1))));
  await until("compaction", async () => {
    const checkpoint = await readFile(join(kafkaData, "cleaner-offset-checkpoint"), "utf8").catch(
      () => "",
    );
    const line = checkpoint.split("\n").find((text) => text.startsWith(`${topic} 0 `));
    return Number(line?.split(" ")[2] ?? 0) >= end;
  });
  return readTopic(bootstrapServers, topic);
}

test("of a compacted topic every survivor is stored, tombstones are dead letters, and holes are gaps, not loss", async () => {
  const topic = await createTopic(bootstrapServers, 1, COMPACTED);
  const produced = await produce(bootstrapServers, topic, keyed(0, 1_000));
  const survivors = await compact(topic, produced);
  expect(survivors.length).toBeLessThanOrEqual(2 * KEYS);

  const whole = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, whole);
  await runToEnd({ ...config, input: { ...config.input, tombstones: "reject" } });
  expect(await differences(whole, survivors, destinations(survivors))).toEqual([]);
  const gaps = produced.length - survivors.length;
  expect(await ledgersOf(whole.output)).toMatchObject([
    { start: 0, end: produced.length, records: survivors.length, gaps, lost: 0 },
  ]);
  expect(await headgate("verify", whole.output)).toMatchObject({ status: 0 });
});

test("a start in a hole of a compacted topic counts gaps from there", async () => {
  const topic = await createTopic(bootstrapServers, 1, COMPACTED);
  const produced = await produce(bootstrapServers, topic, keyed(0, 500));
  const survivors = await compact(topic, produced);
  const start = 400;
  expect(survivors.map(({ offset }) => offset)).not.toContain(start);

  const lake = await temporaryLake();
  const startingOffsets = JSON.stringify({ [topic]: { 0: start } });
  const config = splitEvents(bootstrapServers, topic, lake, { startingOffsets });
  await runToEnd({ ...config, input: { ...config.input, tombstones: "reject" } });
  const later = survivors.filter(({ offset }) => offset > start);
  expect(await differences(lake, later, destinations(later))).toEqual([]);
  const gaps = produced.length - start - later.length;
  expect(await ledgersOf(lake.output)).toMatchObject([
    { start, end: produced.length, records: later.length, gaps, lost: 0 },
  ]);
});

test("a position that compaction makes a hole of is no loss: the query goes on behind it", async () => {
  const topic = await createTopic(bootstrapServers, 1, COMPACTED);
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const rejecting = { ...config, input: { ...config.input, tombstones: "reject" as const } };
  const produced = await produce(bootstrapServers, topic, keyed(0, 200));
  await runToEnd(rejecting);
  const read = produced.length;
  produced.push(...(await produce(bootstrapServers, topic, keyed(read, 300))));
  const survivors = await compact(topic, produced);
  expect(survivors.map(({ offset }) => offset)).not.toContain(read);
  await runToEnd(rejecting);

  const stored = [...produced.slice(0, read), ...survivors.filter(({ offset }) => offset >= read)];
  expect(await differences(lake, stored, destinations(stored))).toEqual([]);
  const gaps = produced.length - stored.length;
  expect(await ledgersOf(lake.output)).toMatchObject([
    { start: 0, end: produced.length, records: stored.length, gaps, lost: 0 },
  ]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});
