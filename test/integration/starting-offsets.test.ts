import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { differences } from "../support/coordinates.ts";
import { destinationOf, event, records } from "../support/events.ts";
import { addPartitions, createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

async function offsetsIn(path: string): Promise<number[][]> {
  const sql = "SELECT _kafka_partition AS p, _kafka_offset AS o FROM t ORDER BY ALL";
  const rows = await queryTable<{ p: number; o: number }>(path, sql);
  return rows.map(({ p, o }) => [p, o]);
}

test("the default is latest: what was there before the first start is left out", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  await produce(bootstrapServers, topic, records(100, { partitions: 2 }));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake, { startingOffsets: undefined });
  let seen = 0;
  const query = await startQuery(continuous(config), {
    onStreamingBatch: (batch) => {
      seen += batch.counts.records;
    },
  });
  const later = await produce(bootstrapServers, topic, records(60, { from: 100, partitions: 2 }));
  await until("the later records", () => seen >= 60);
  await query.stop();
  expect(await differences(lake, later, (index) => destinationOf(100 + index))).toEqual([]);
});

test("latest is resolved once: a restart does not skip what came in between", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  await produce(bootstrapServers, topic, records(100, { partitions: 2 }));
  const lake = await temporaryLake();
  const latest = splitEvents(bootstrapServers, topic, lake, { startingOffsets: "latest" });
  await runToEnd(latest);
  const later = await produce(bootstrapServers, topic, records(40, { from: 100, partitions: 2 }));
  await runToEnd(latest);
  expect(await differences(lake, later, (index) => destinationOf(100 + index))).toEqual([]);
});

test("startingOffsets takes JSON by partition, with -2 for earliest and -1 for latest", async () => {
  const topic = await createTopic(bootstrapServers, 3);
  const sent = Array.from({ length: 15 }, (_, index) => ({
    value: JSON.stringify(event(index)),
    partition: index % 3,
  }));
  await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
  const startingOffsets = JSON.stringify({ [topic]: { 0: 3, 1: -2, 2: -1 } });
  await runToEnd(splitEvents(bootstrapServers, topic, lake, { startingOffsets }));
  expect(await offsetsIn(lake.output)).toEqual([
    ...[3, 4].map((offset) => [0, offset]),
    ...[0, 1, 2, 3, 4].map((offset) => [1, offset]),
  ]);
});

test("startingTimestamp begins at the first record of that time or later", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const sent = Array.from({ length: 10 }, (_, index) => ({
    value: JSON.stringify(event(index)),
    timestamp: 1_790_000_000_000 + index * 1_000,
  }));
  await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
  const options = { startingOffsets: undefined, startingTimestamp: "1790000006500" };
  await runToEnd(splitEvents(bootstrapServers, topic, lake, options));
  expect(await offsetsIn(lake.output)).toEqual([7, 8, 9].map((offset) => [0, offset]));
});

test("endingOffsets ends a run before the topic does", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  await produce(
    bootstrapServers,
    topic,
    [0, 1, 2, 3, 4, 5].map((index) => ({
      value: JSON.stringify(event(index)),
      partition: index % 2,
    })),
  );
  const lake = await temporaryLake();
  const endingOffsets = JSON.stringify({ [topic]: { 0: 2, 1: -1 } });
  await runToEnd(splitEvents(bootstrapServers, topic, lake, { endingOffsets }));
  expect(await offsetsIn(lake.output)).toEqual([
    ...[0, 1].map((offset) => [0, offset]),
    ...[0, 1, 2].map((offset) => [1, offset]),
  ]);
});

test("a partition added while a query runs is read from its first record", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const lake = await temporaryLake();
  const options = { "kafka.topic.metadata.refresh.interval.ms": "500" };
  let seen = 0;
  const query = await startQuery(continuous(splitEvents(bootstrapServers, topic, lake, options)), {
    onStreamingBatch: (batch) => {
      seen += batch.counts.records;
    },
  });
  const produced = await produce(bootstrapServers, topic, records(100, { partitions: 1 }));
  await addPartitions(bootstrapServers, topic, 3);
  const more = records(200, { from: 100, partitions: 3 });
  produced.push(...(await produce(bootstrapServers, topic, more)));
  await until("records of the new partitions", () => seen === 300);
  await query.stop();
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});

test("a partition added between two runs is read from its first record, even under latest", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const lake = await temporaryLake();
  const latest = splitEvents(bootstrapServers, topic, lake, { startingOffsets: "latest" });
  await runToEnd(latest);
  await addPartitions(bootstrapServers, topic, 2);
  const produced = await produce(bootstrapServers, topic, records(80, { partitions: 2 }));
  await runToEnd(latest);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});
