import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { headgate, node } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Coordinate, createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { countRows } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const WORKER = `
  const { startQuery } = require("headgate");
  startQuery(JSON.parse(process.env.QUERY)).then(async (query) => {
    process.once("SIGTERM", () => query.stop());
    await query.awaitTermination();
  });`;

test("workers that come and go share a topic, and no record is in two tables or twice in one", async () => {
  const topic = await createTopic(bootstrapServers, 6);
  const lake = await temporaryLake();
  const config = continuous(splitEvents(bootstrapServers, topic, lake));
  const worker = () => node(["-e", WORKER], { QUERY: JSON.stringify(config) });
  const produced: Coordinate[] = [];
  const produceMore = async () => {
    const more = records(4_000, { from: produced.length, partitions: 6 });
    produced.push(...(await produce(bootstrapServers, topic, more)));
  };

  const first = worker();
  await produceMore();
  const second = worker();
  await produceMore();
  await until("rows of either worker", async () => (await countRows(lake.output)) > 0, 60_000);
  first.signal("SIGTERM");
  await produceMore();
  expect(await first.ended).toMatchObject({ status: 0, stderr: "" });
  const third = await startQuery(config);
  await produceMore();
  second.signal("SIGKILL");
  await second.ended;
  await third.stop();
  await runToEnd({ ...config, streaming: { trigger: { type: "available_now" } } });

  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});
