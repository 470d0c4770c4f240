import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { command, headgate, node } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import {
  eventsContract,
  type Lake,
  temporaryFolder,
  temporaryLake,
  until,
} from "../support/query.ts";
import { countRows } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

async function writeConfig(topic: string, lake: Lake, trigger: string): Promise<string> {
  const path = join(await temporaryFolder(), "events.yaml");
  const text = `
name: events
input:
  format: kafka
  options: { kafka.bootstrap.servers: "${bootstrapServers}", subscribe: ${topic}, startingOffsets: earliest }
  decode: json
  metadata: true
contract: ${eventsContract}
on_violation: split
output: { format: delta, path: ${lake.output} }
rejects: { format: delta, path: ${lake.rejects} }
dead_letters: { format: delta, path: ${lake.deadLetters} }
streaming: { trigger: ${trigger} }
durability: process
`;
  await writeFile(path, text);
  return path;
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s drains: what was read is committed before the process ends",
  async (signal) => {
    const topic = await createTopic(bootstrapServers);
    const lake = await temporaryLake();
    // The trigger alone would not commit within this test: the drain does.
    const trigger = '{ type: processing_time, interval: "1 hour" }';
    const process = node([command(), "run", await writeConfig(topic, lake, trigger), "--json"]);
    await until(
      "the tables",
      async () => (await countRows(lake.output).catch(() => -1)) === 0,
      60_000,
    );
    const produced = await produce(bootstrapServers, topic, records(2_000));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    process.signal(signal);
    expect(await process.ended).toMatchObject({ status: 0, signal: null });
    expect(await differences(lake, produced, destinationOf)).toEqual([]);
    expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
  },
);

test("a second signal ends the process at once", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const trigger = '{ type: processing_time, interval: "1 hour" }';
  const process = node([command(), "run", await writeConfig(topic, lake, trigger)]);
  await until(
    "the tables",
    async () => (await countRows(lake.output).catch(() => -1)) === 0,
    60_000,
  );
  process.signal("SIGINT");
  process.signal("SIGINT");
  const { status, signal } = await process.ended;
  expect(signal === "SIGINT" || status === 130 || status === 0).toBe(true);
});

test("run ends by itself with an available_now trigger, and verify finds no break", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(1_000));
  const lake = await temporaryLake();
  const path = await writeConfig(topic, lake, "{ type: available_now }");
  const ended = await headgate("run", path, "--json");
  expect(ended).toMatchObject({ status: 0 });
  for (const line of ended.stdout.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("a query that fails gives `run` another exit status than 0", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, records(100));
  const lake = await temporaryLake();
  const path = await writeConfig(topic, lake, "{ type: available_now }");
  const blocking = join(await temporaryFolder(), "blocking.yaml");
  const { readFile } = await import("node:fs/promises");
  await writeFile(blocking, (await readFile(path, "utf8")).replace("split", "block"));
  const { status, stderr } = await headgate("run", blocking);
  expect(status).toBe(1);
  expect(stderr).not.toBe("");
});
