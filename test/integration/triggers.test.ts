import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Coordinate, createTopic, produce } from "../support/kafka/topics.ts";
import {
  continuous,
  runToEnd,
  splitEvents,
  temporaryLake,
  totals,
  until,
} from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");

test("available_now reads what is there when it starts, in as many batches as it needs, and ends", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(5_000));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const batches = await runToEnd({ ...config, batch: { maxRows: 1_000 } });
  expect(batches.length).toBeGreaterThanOrEqual(5);
  expect(Math.max(...batches.map((batch) => batch.counts.records))).toBeLessThanOrEqual(1_000);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});

test("once commits one batch and ends", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(2_000));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const batches = await runToEnd({ ...config, streaming: { trigger: { type: "once" } } });
  expect(batches).toHaveLength(1);
  expect(totals(batches).records).toBe(2_000);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});

test("processing_time commits while it runs, and a drained stop commits the rest", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  let seen = 0;
  const query = await startQuery(continuous(splitEvents(bootstrapServers, topic, lake)), {
    onStreamingBatch: (batch) => {
      seen += batch.counts.records;
    },
  });
  const produced: Coordinate[] = [];
  for (let round = 0; round < 5; round += 1) {
    const more = records(500, { from: round * 500 });
    produced.push(...(await produce(bootstrapServers, topic, more)));
    await until(`round ${round}`, () => seen === produced.length);
  }
  await query.stop({ drain: true });
  await expect(query.awaitTermination()).resolves.toBe(true);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});

test("maxOffsetsPerTrigger bounds what a batch takes", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, records(2_000));
  const lake = await temporaryLake();
  const options = { maxOffsetsPerTrigger: "400" };
  const batches = await runToEnd(splitEvents(bootstrapServers, topic, lake, options));
  expect(totals(batches).records).toBe(2_000);
  expect(Math.max(...batches.map((batch) => batch.counts.records))).toBeLessThanOrEqual(400);
});
