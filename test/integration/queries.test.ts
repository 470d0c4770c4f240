import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { node } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, goodRecords, records } from "../support/events.ts";
import { createTopic, produce, recreateTopic } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { countRows } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

test("two queries of one process each fill their own tables", async () => {
  const both = await Promise.all(
    ["one", "two"].map(async (name) => {
      const topic = await createTopic(bootstrapServers);
      const produced = await produce(bootstrapServers, topic, records(3_000));
      const lake = await temporaryLake();
      return { lake, produced, config: { ...splitEvents(bootstrapServers, topic, lake), name } };
    }),
  );
  await Promise.all(both.map(({ config }) => runToEnd(config)));
  for (const { lake, produced } of both) {
    expect(await differences(lake, produced, destinationOf)).toEqual([]);
  }
});

test("a query that fails leaves the other one running", async () => {
  const topics = [await createTopic(bootstrapServers), await createTopic(bootstrapServers)];
  const lakes = [await temporaryLake(), await temporaryLake()];
  const [first, second] = topics.map((topic, at) => ({
    ...continuous(splitEvents(bootstrapServers, topic, lakes[at] as (typeof lakes)[0])),
    name: `query-${at}`,
  }));
  const failing = await startQuery({ ...(first as typeof first & object), onViolation: "block" });
  let seen = 0;
  const healthy = await startQuery(second as typeof second & object, {
    onStreamingBatch: (batch) => {
      seen += batch.counts.records;
    },
  });
  await produce(bootstrapServers, topics[0] ?? "", records(100));
  await expect(failing.awaitTermination()).rejects.toThrow();
  expect(failing.status).toBe("FAILED");
  await produce(bootstrapServers, topics[1] ?? "", goodRecords(100));
  await until("records of the healthy query", () => seen === 100);
  await healthy.stop();
});

test("a process ends by itself once its queries have ended", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, goodRecords(500));
  const lake = await temporaryLake();
  const script = `
    const { startQuery } = require("headgate");
    startQuery(JSON.parse(process.env.QUERY), { onStreamingBatch() {} })
      .then((query) => query.awaitTermination())
      .then(() => console.log("over"));`;
  const QUERY = JSON.stringify(splitEvents(bootstrapServers, topic, lake));
  const ended = await node(["-e", script], { QUERY }).ended;
  expect(ended).toMatchObject({ status: 0, stdout: "over\n" });
  expect(await countRows(lake.output)).toBe(500);
});

test("a topic deleted and created again is data loss, never a resume", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, goodRecords(10, { partitions: 1 }));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await runToEnd(config);
  await recreateTopic(bootstrapServers, topic);
  await produce(bootstrapServers, topic, goodRecords(20, { partitions: 1 }));
  await expect(runToEnd(config)).rejects.toMatchObject({ code: "KAFKA_TOPIC_RECREATED" });
  expect(await countRows(lake.output)).toBe(10);
});
