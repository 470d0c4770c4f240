import { expect, inject, test } from "vitest";
import { node } from "../support/cli.ts";
import { goodRecords } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, splitEvents, temporaryLake, until } from "../support/query.ts";
import { countRows } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const WORKER = `
  const { startQuery } = require("headgate");
  startQuery(JSON.parse(process.env.QUERY)).then((query) => query.awaitTermination());`;

test.each([{ "kafka.session.timeout.ms": "6000" }, { "kafka.group.protocol": "consumer" }])(
  "a read to the end ends when everything is read, though dead workers still hold partitions: %j",
  async (options) => {
    const topic = await createTopic(bootstrapServers, 6);
    const lake = await temporaryLake();
    const config = splitEvents(bootstrapServers, topic, lake, options);
    const worker = (query: object) => node(["-e", WORKER], { QUERY: JSON.stringify(query) });
    await produce(bootstrapServers, topic, goodRecords(600, { partitions: 6 }));
    const first = worker(continuous(config));
    const rows = () => countRows(lake.output).catch(() => 0);
    await until("rows", async () => (await rows()) === 600, 60_000);
    const second = worker(continuous(config));
    // Long enough to share the partitions, too short for the brokers to miss the first.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    first.signal("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    second.signal("SIGKILL");
    await produce(bootstrapServers, topic, goodRecords(600, { from: 600, partitions: 6 }));
    expect(await worker(config).ended).toMatchObject({ status: 0, stderr: "" });
    expect(await rows()).toBe(1_200);
  },
);
