import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StreamingNodeConfig } from "headgate";
import { expect, inject, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { goodRecords } from "../support/events.ts";
import { saslUser } from "../support/kafka/properties.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryFolder, temporaryLake } from "../support/query.ts";
import { countRows } from "../support/readers/read-table.ts";
import { expectRefusal, refusalOf } from "../support/refusal.ts";

const bootstrapServers = inject("bootstrapServers");
const saslServers = inject("saslServers");

function sasl(password: string): Record<string, string> {
  return {
    "kafka.security.protocol": "SASL_PLAINTEXT",
    "kafka.sasl.mechanism": "PLAIN",
    "kafka.sasl.username": saslUser.username,
    "kafka.sasl.password": password,
  };
}

test("an unreachable broker is told with its address", async () => {
  const config = splitEvents("127.0.0.1:1", "events", await temporaryLake());
  expectRefusal(await refusalOf(config), {
    code: "KAFKA_UNREACHABLE",
    field: "input.options.kafka.bootstrap.servers",
    actual: /127\.0\.0\.1:1/,
  });
});

test("an unknown topic is told by its name", async () => {
  const config = splitEvents(bootstrapServers, "no-such-topic", await temporaryLake());
  const error = await refusalOf(config);
  expect(error).toMatchObject({ code: "KAFKA_UNKNOWN_TOPIC" });
  expect((error as Error).message).toContain("no-such-topic");
});

test("right credentials are accepted", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, goodRecords(10, { partitions: 1 }));
  const lake = await temporaryLake();
  await runToEnd(splitEvents(saslServers, topic, lake, sasl(saslUser.password)));
  expect(await countRows(lake.output)).toBe(10);
});

test("wrong credentials are refused, and the password is in no text of the error", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const config = splitEvents(saslServers, topic, await temporaryLake(), sasl("hunter2-wrong"));
  const error = await refusalOf(config);
  expect(error).toMatchObject({ code: "KAFKA_AUTH" });
  const told = JSON.stringify(error) + String((error as Error).stack);
  expect(told).not.toContain("hunter2-wrong");
});

test("a path that cannot be written is refused", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const file = join(await temporaryFolder(), "a-file");
  await writeFile(file, "");
  const config = splitEvents(bootstrapServers, topic, await temporaryLake());
  const output = { format: "delta", path: join(file, "table") };
  expect(await refusalOf({ ...config, output })).toMatchObject({ code: "DELTA_NOT_WRITABLE" });
});

/** A table of ten events, and the configuration that filled it. */
async function filled(): Promise<{ config: StreamingNodeConfig; output: string }> {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, goodRecords(10, { partitions: 1 }));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await runToEnd(config);
  return { config, output: lake.output };
}

test("a table whose schema contradicts the contract is refused, and keeps what it holds", async () => {
  const { config, output } = await filled();
  const properties = [{ name: "user_id", logicalType: "timestamp" }];
  const contract = contractDocument("events", { properties });
  const error = await refusalOf({ ...config, contract });
  expect(error).toMatchObject({ code: "DELTA_SCHEMA_MISMATCH" });
  expect((error as Error).message + JSON.stringify(error)).toContain("user_id");
  expect(await countRows(output)).toBe(10);
});

test("a table with another partitioning is refused, and keeps what it holds", async () => {
  const { config, output } = await filled();
  const options = { partitionBy: "_ingestion_date" };
  const error = await refusalOf({ ...config, output: { ...config.output, options } });
  expect(error).toMatchObject({
    code: "DELTA_PARTITIONING_MISMATCH",
    context: { expected: expect.stringContaining("_ingestion_date"), actual: expect.any(String) },
  });
  expect(await countRows(output)).toBe(10);
});
