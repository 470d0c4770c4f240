import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { node } from "../support/cli.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { splitEvents, temporaryLake } from "../support/query.ts";
import { Flow } from "./flow.ts";

const STOPS = 3;
const PARTITIONS = 12;
const WORKER = `
  const { startQuery, gracefulShutdown } = require("headgate");
  startQuery(JSON.parse(process.env.QUERY)).then((query) => {
    gracefulShutdown(query);
    return query.awaitTermination();
  });`;

test("a drained stop waits for the log checkpoint that is being written", async () => {
  const bootstrapServers = inject("bootstrapServers");
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const lake = await temporaryLake();
  const flow = new Flow(
    { bootstrapServers, topic, partitions: PARTITIONS },
    { least: 1, perSecond: 1_200 },
  );
  const trigger = { type: "processing_time", interval: "50 milliseconds" } as const;
  const config = { ...splitEvents(bootstrapServers, topic, lake), streaming: { trigger } };
  for (let stop = 1; stop <= STOPS; stop += 1) {
    const worker = node(["-e", WORKER], { QUERY: JSON.stringify(config) });
    const entry = join(lake.output, "_delta_log", `${String(stop * 100).padStart(20, "0")}.json`);
    while (!existsSync(entry)) await sleep(2);
    worker.signal("SIGTERM");
    expect(await worker.ended).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(entry.replace(".json", ".checkpoint.parquet"))).toBe(true);
  }
  await flow.halt();
});
