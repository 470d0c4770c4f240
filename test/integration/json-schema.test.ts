import { join } from "node:path";
import { type StreamingNodeConfig, validateConfig } from "headgate";
import { EmbeddedBroker } from "headgate/testing";
import { expect, onTestFinished, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder } from "../support/query.ts";

const payloads = [
  { id: "a", kind: "card", card: "4111", amount: 5 },
  // A card is missing, which no column can say.
  { id: "b", kind: "card", amount: 7 },
  { id: "c", kind: "cash", amount: -1 },
  { id: "d", kind: "cash", amount: 2000 },
  { id: null, kind: "cash", amount: 1 },
  { id: "f", kind: "cash", amount: 1 },
];

const jsonSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "payments",
  title: "Payments",
  type: "object",
  properties: {
    id: { type: "string", minLength: 1 },
    kind: { enum: ["card", "cash"] },
    card: { type: "string", pattern: "^[0-9]+$" },
    amount: { type: "number", minimum: 0 },
  },
  required: ["id", "kind"],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  allOf: [{ if: { properties: { kind: { const: "card" } } }, then: { required: ["card"] } }],
};

const contract = contractDocument("payments", {
  properties: [
    { name: "id", logicalType: "string", required: true },
    {
      name: "amount",
      logicalType: "number",
      physicalType: "decimal(9,2)",
      logicalTypeOptions: { maximum: 1000 },
    },
  ],
});

async function payments(change: Partial<StreamingNodeConfig>): Promise<StreamingNodeConfig> {
  const broker = EmbeddedBroker.start([{ name: "payments", partitions: 1 }]);
  onTestFinished(() => broker.close());
  const values = payloads.map((payload) => ({ value: JSON.stringify(payload) }));
  await produce(broker.bootstrapServers, "payments", [...values, { value: "{" }]);
  const folder = await temporaryFolder();
  return {
    name: "payments",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": broker.bootstrapServers,
        subscribe: "payments",
        startingOffsets: "earliest",
      },
      parseJson: true,
      jsonSchema,
    },
    onViolation: "split",
    output: { format: "delta", path: join(folder, "payments") },
    rejects: { format: "delta", path: join(folder, "rejects") },
    deadLetters: { format: "delta", path: join(folder, "dead_letters") },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
    ...change,
  };
}

const ofSchema = {
  "violations.json_schema:/allOf/0/then": 1,
  "violations.json_schema:/properties/amount/minimum": 1,
  "violations.json_schema:/properties/id/type": 1,
};

test("a JSON Schema stands in for a contract", async () => {
  const [batch] = await runToEnd(await payments({}));
  expect(batch).toMatchObject({
    status: "warn",
    counts: { accepted: 3, rejected: 3, deadLetters: 1 },
    metrics: ofSchema,
  });
});

test("a contract and a JSON Schema both apply", async () => {
  const [batch] = await runToEnd(await payments({ contract }));
  expect(batch).toMatchObject({
    counts: { accepted: 2, rejected: 4, deadLetters: 1 },
    metrics: { ...ofSchema, "violations.maximum_amount": 1, "violations.required_id": 1 },
  });
});

test("what a JSON Schema is checked by is listed", async () => {
  const report = await validateConfig(await payments({}));
  expect(report.issues).toEqual([]);
  const coverage = report.queries[0]?.coverage ?? [];
  const byRow = { status: "enforced", reason: "row by row, on the payload" };
  expect(coverage).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ path: "/properties/id/minLength", status: "enforced" }),
      expect.objectContaining({ path: "/allOf/0/then", ...byRow }),
      expect.objectContaining({ path: "/title", status: "informational" }),
    ]),
  );
});

test("a JSON Schema that names another is refused with its place", async () => {
  const input = { properties: { id: { $ref: "https://example.com/id.json" } } };
  const config = await payments({});
  const report = await validateConfig({ ...config, input: { ...config.input, jsonSchema: input } });
  expect(report.issues).toMatchObject([{ code: "CONTRACT_INVALID" }]);
  expect(report.issues[0]?.actual).toContain("https://example.com/id.json");
});
