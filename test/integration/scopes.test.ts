import { join } from "node:path";
import { type StreamingNodeConfig, startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const scoped = (scope: string, ...rest: object[]) => ({
  customProperties: [{ property: "scope", value: scope }, ...rest],
});

const properties = [
  {
    name: "id",
    logicalType: "string",
    required: true,
    quality: [{ metric: "duplicateValues", mustBe: 0, ...scoped("stream") }],
  },
  {
    name: "labels",
    logicalType: "map",
    map: {
      key: { logicalType: "string", logicalTypeOptions: { maxLength: 4 } },
      value: { logicalType: "integer" },
    },
  },
];
const quality = [
  { metric: "rowCount", mustBeLessOrEqualTo: 3, severity: "warning", ...scoped("stream") },
];
const contract = contractDocument("things", { properties, quality }, { apiVersion: "v3.2.0" });

async function things(partitions = 1): Promise<{ config: StreamingNodeConfig; topic: string }> {
  const folder = await temporaryFolder();
  const topic = await createTopic(bootstrapServers, partitions);
  const options = {
    "kafka.bootstrap.servers": bootstrapServers,
    subscribe: topic,
    startingOffsets: "earliest",
  };
  const config: StreamingNodeConfig = {
    name: "things",
    input: { format: "kafka", options, decode: "json" },
    contract,
    onViolation: "split",
    output: { format: "delta", path: join(folder, "things") },
    rejects: { format: "delta", path: join(folder, "rejects") },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  };
  return { config, topic };
}

const send = (topic: string, ids: readonly string[], partition = 0) =>
  produce(
    bootstrapServers,
    topic,
    ids.map((id) => ({ value: JSON.stringify({ id, labels: { [id]: 1 } }), partition })),
  );

const idsIn = async (table: StreamingNodeConfig["output"]) => {
  const rows = await queryTable(table.path ?? "", "SELECT id FROM t ORDER BY id");
  return rows.map((row) => row.id);
};

test("an id that the output holds is rejected, however long ago it came", async () => {
  const { config, topic } = await things();
  await send(topic, ["a", "b", "a", "toolong", "c"]);
  const [first] = await runToEnd(config);
  expect(first).toMatchObject({ counts: { accepted: 3, rejected: 2 } });
  expect(first?.rules.find(({ rule }) => rule === "duplicate_values_id")).toMatchObject({
    scope: "stream",
    estimated: false,
    violations: 1,
  });
  // A run of its own knows of it by the table alone. What was rejected may come again.
  await send(topic, ["c", "d", "a"]);
  const [second] = await runToEnd(config);
  expect(second).toMatchObject({ counts: { accepted: 1, rejected: 2 } });
  expect(second?.metrics).toMatchObject({ row_count: 3 });
  expect(second?.warnings).toContain("row_count: measured 4");
  expect(await idsIn(config.output)).toEqual(["a", "b", "c", "d"]);
  const map = await queryTable(config.output.path ?? "", "SELECT labels['b'] AS one FROM t");
  expect(map.filter(({ one }) => one === 1)).toHaveLength(1);
});

test("two workers let an id in once", async () => {
  const { config, topic } = await things(2);
  const streaming = { trigger: { type: "processing_time" as const, interval: "200 milliseconds" } };
  const workers = [
    await startQuery({ ...config, streaming }),
    await startQuery({ ...config, streaming }),
  ];
  const ids = Array.from({ length: 60 }, (_, id) => `${id}`);
  for (let at = 0; at < ids.length; at += 20) {
    await Promise.all([0, 1].map((partition) => send(topic, ids.slice(at, at + 20), partition)));
  }
  await expect
    .poll(() => idsIn(config.output), { timeout: 90_000, interval: 1_000 })
    .toHaveLength(60);
  for (const worker of workers) await worker.stop();
  // Whatever is left of the topic is read by one.
  await runToEnd(config);
  expect((await idsIn(config.output)).sort()).toEqual(ids.sort());
});
