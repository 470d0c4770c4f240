import { startQuery } from "headgate";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { differences } from "../../support/coordinates.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import { continuous, runToEnd, temporaryLake, until } from "../../support/query.ts";
import { avroV1 } from "../../support/registry/event-schemas.ts";
import { type RegistryKeys, registeredEvents } from "../../support/registry/events-query.ts";
import { type GuardedRegistry, guarded } from "../../support/registry/guarded.ts";
import { type SchemaRegistry, startRegistry } from "../../support/registry/server.ts";

const bootstrapServers = inject("bootstrapServers");
const certificates = inject("certificates");
const { authority, client, stranger } = certificates;
const WRONG_PASSWORD = "hunter2-wrong";
const user = { username: "reader", password: "right" };
let registry: SchemaRegistry;
let door: GuardedRegistry;

beforeAll(async () => {
  registry = await startRegistry();
  const credentials = Buffer.from(`${user.username}:${user.password}`).toString("base64");
  door = await guarded(registry.url, certificates, `Basic ${credentials}`);
});

afterAll(async () => {
  await door?.close();
  await registry?.stop();
});

const right = () => ({
  url: door.url,
  ...user,
  caFile: authority,
  certificateFile: client.certificate,
  keyFile: client.key,
});

async function sent() {
  const topic = await createTopic(bootstrapServers, 1);
  const encode = await avroV1(registry, `${topic}-value`);
  const records = Array.from({ length: 20 }, (_, index) => ({ value: encode(index) }));
  const produced = await produce(bootstrapServers, topic, records);
  return { topic, produced, lake: await temporaryLake() };
}

async function read(keys: RegistryKeys) {
  const { topic, produced, lake } = await sent();
  await runToEnd(registeredEvents(bootstrapServers, topic, lake, keys));
  return differences({ output: lake.output }, produced, () => "output");
}

test("right certificates and credentials read everything", async () => {
  expect(await read(right())).toEqual([]);
});

test.each([
  ["a wrong password", { password: WRONG_PASSWORD }],
  ["an authority that nobody trusts", { caFile: stranger.authority }],
] as const)("%s is one error that names the setting, never the password", async (_, change) => {
  const error = await read({ ...right(), ...change }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code: "REGISTRY_AUTH", retryable: false });
  expect(JSON.stringify(error)).not.toContain(WRONG_PASSWORD);
});

// This registry closes the connection and sends no alert, as one that is going down would.
test("a client's certificate that is refused without a word is an outage, which the right one ends", async () => {
  const { topic, produced, lake } = await sent();
  const config = (keys: RegistryKeys) => registeredEvents(bootstrapServers, topic, lake, keys);
  const { certificate: certificateFile, key: keyFile } = stranger.client;
  const refused = await startQuery(continuous(config({ ...right(), certificateFile, keyFile })));
  const held = () => refused.recentProgress.at(-1)?.held;
  const isTold = () => held()?.error !== undefined && held()?.numRecords === produced.length;
  await until("the outage is told, and all records wait", isTold);
  expect(held()?.partitions).toEqual([`${topic}-0`]);
  expect(held()?.error).toContain(door.url);
  await refused.stop();
  await refused.awaitTermination();
  await runToEnd(config(right()));
  expect(await differences({ output: lake.output }, produced, () => "output")).toEqual([]);
});
