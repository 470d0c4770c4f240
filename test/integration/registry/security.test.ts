import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { differences } from "../../support/coordinates.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import { runToEnd, temporaryLake } from "../../support/query.ts";
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

async function read(keys: RegistryKeys) {
  const topic = await createTopic(bootstrapServers, 1);
  const encode = await avroV1(registry, `${topic}-value`);
  const sent = Array.from({ length: 20 }, (_, index) => ({ value: encode(index) }));
  const produced = await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
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
