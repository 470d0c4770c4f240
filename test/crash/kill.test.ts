import { expect, inject, test } from "vitest";
import { headgate, node } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Coordinate, createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake } from "../support/query.ts";
import { randomFrom } from "../support/random.ts";

const RECORDS = 200_000;
const KILLS = 20;
/** A kill counts only if it hits a process that has begun to read. */
const WORKER = "test/crash/worker.cjs";
const seed = Number(process.env.HEADGATE_CRASH_SEED ?? Date.now() % 1_000_000);

test(`a query that is killed ${KILLS} times leaves each record in exactly one table, once`, async () => {
  console.log(`HEADGATE_CRASH_SEED=${seed} repeats this run`);
  const random = randomFrom(seed);
  const bootstrapServers = inject("bootstrapServers");
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  // A static member takes over its own place; another would wait for the session of the killed one.
  const options = { ...config.input.options, "kafka.group.instance.id": "worker-1" };
  const running = {
    ...continuous(config),
    input: { ...config.input, options },
    batch: { maxRows: 1_000 },
  };
  const QUERY = JSON.stringify(running);

  const flow = produceSlowly(bootstrapServers, topic);
  let sawCommit = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const worker = node([WORKER], { QUERY });
    await worker.says("started");
    await new Promise((resolve) => setTimeout(resolve, random() * 700));
    worker.signal("SIGKILL");
    const { signal, stdout } = await worker.ended;
    expect(signal).toBe("SIGKILL");
    if (stdout.includes("batch")) sawCommit += 1;
  }
  const produced = await flow;
  await runToEnd(config);

  // Otherwise all kills came too early to interrupt anything.
  expect(sawCommit).toBeGreaterThan(KILLS / 4);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  const verified = await headgate("verify", lake.output);
  expect(verified).toMatchObject({ status: 0 });
});

/** Keeps records flowing while workers come and go. */
async function produceSlowly(bootstrapServers: string, topic: string) {
  const produced: Coordinate[] = [];
  const step = RECORDS / 20;
  for (let from = 0; from < RECORDS; from += step) {
    produced.push(...(await produce(bootstrapServers, topic, records(step, { from }))));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return produced;
}
