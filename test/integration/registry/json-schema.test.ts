import type { StreamingNodeConfig } from "headgate";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { contractDocument } from "../../support/contract-document.ts";
import type { Destination } from "../../support/coordinates.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake } from "../../support/query.ts";
import { queryTable } from "../../support/readers/read-table.ts";
import { framed, zigzag } from "../../support/registry/framing.ts";
import { type SchemaRegistry, startRegistry } from "../../support/registry/server.ts";
import { expectSplit } from "../../support/split.ts";

const bootstrapServers = inject("bootstrapServers");
const UNKNOWN_ID = 1_000_000;
let registry: SchemaRegistry;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry?.stop());

/** What rows are held against. */
const rules = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "payments",
  type: "object",
  properties: {
    id: { type: "string", minLength: 2 },
    kind: { type: "string", enum: ["card", "cash"] },
    card: { type: "object", properties: { number: { type: "string", pattern: "^[0-9]{4}$" } } },
    amount: { type: "number", minimum: 0 },
  },
  required: ["id", "kind"],
  if: { properties: { kind: { const: "card" } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ["card"] },
};

const draft = { $schema: "http://json-schema.org/draft-07/schema#" };

/** Answers the id of a schema of payments, whose card is a schema of its own. */
async function registered(subject: string): Promise<number> {
  const card = { ...draft, type: "object", properties: { number: { type: "string" } } };
  await registry.register(`${subject}-card`, "JSON", JSON.stringify(card));
  const payment = {
    ...draft,
    type: "object",
    properties: {
      id: { type: "string" },
      kind: { type: "string" },
      card: { $ref: "card.json" },
      amount: { type: "number" },
    },
    required: ["id"],
  };
  const references = [{ name: "card.json", subject: `${subject}-card`, version: 1 }];
  return registry.register(subject, "JSON", JSON.stringify(payment), references);
}

/** A record, the table that it belongs to, and what is there: columns, broken rules or a reason. */
type Sent = readonly [value: Buffer | string | null, to: Destination | null, found?: unknown];

async function expectFound(
  topic: string,
  sent: readonly Sent[],
  change: Partial<StreamingNodeConfig> & { input?: never } = {},
  jsonSchema: Record<string, unknown> = rules,
) {
  const produced = await produce(
    bootstrapServers,
    topic,
    sent.map(([value]) => ({ value })),
  );
  const lake = await temporaryLake();
  const { contract: _, input, ...split } = splitEvents(bootstrapServers, topic, lake);
  const read = { ...input, registry: { url: registry.url }, jsonSchema };
  const batches = await runToEnd({ ...split, input: read, ...change });
  const to = sent.map(([, destination]) => destination);
  await expectSplit(lake, batches, produced, to);
  const asked = {
    output: "{id: id, kind: kind, number: card.number, amount: CAST(amount AS VARCHAR)}",
    rejects: "list_sort(list_transform(_violations, lambda v: v.rule))",
    deadLetters: "{kind: _error_type, message: _error_message}",
  };
  for (const [name, path] of Object.entries(lake)) {
    const sql = `SELECT ${asked[name as Destination]} AS found FROM t ORDER BY _kafka_offset`;
    const wanted = sent.filter(([, to]) => to === name).map(([, , found]) => ({ found }));
    expect(await queryTable(path, sql)).toEqual(wanted);
  }
}

const broken = (...rules: string[]) => rules.map((rule) => `json_schema${rule}`).sort();
const noFrame = { kind: "WIRE_FORMAT_ERROR", message: expect.stringContaining("wire format") };

test("what is behind a frame is held against the JSON Schema, rule by rule", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const id = await registered(`${topic}-value`);
  const of = (payment: object) => framed(id, Buffer.from(JSON.stringify(payment)));
  const card = { number: "4111" };
  await expectFound(topic, [
    [
      of({ id: "p1", kind: "card", card, amount: 12.5 }),
      "output",
      { id: "p1", kind: "card", number: "4111", amount: "12.5" },
    ],
    [
      of({ id: "p2", kind: "cash" }),
      "output",
      { id: "p2", kind: "cash", number: null, amount: null },
    ],
    [of({ id: "p3", kind: "card" }), "rejects", broken(":/then")],
    [of({ id: "p", kind: "cash" }), "rejects", broken(":/properties/id/minLength")],
    [
      of({ id: "p5", kind: "gold", amount: -1 }),
      "rejects",
      broken(":/properties/amount/minimum", ":/properties/kind/enum"),
    ],
    [
      of({ id: "p6", kind: "card", card: { number: "41" } }),
      "rejects",
      broken(":/properties/card/properties/number/pattern"),
    ],
    [of({ kind: "cash" }), "rejects", broken(":/required/0")],
    [of({ id: 8, kind: "cash" }), "rejects", broken(":/properties/id/type")],
    [
      framed(id, Buffer.from('{"id":"p9","kind":')),
      "deadLetters",
      { kind: "JSON_PARSE_ERROR", message: expect.stringMatching(/byte \d+/) },
    ],
    [
      framed(id, Buffer.from([0x7b, 0xff, 0x7d])),
      "deadLetters",
      { kind: "ENCODING_ERROR", message: expect.stringContaining("not UTF-8") },
    ],
    [JSON.stringify({ id: "p11", kind: "cash" }), "deadLetters", noFrame],
    ["", "deadLetters", noFrame],
    [framed(id).subarray(0, 4), "deadLetters", noFrame],
    [
      framed(UNKNOWN_ID, Buffer.from('{"id":"p14","kind":"cash"}')),
      "deadLetters",
      { kind: "WIRE_FORMAT_ERROR", message: `schema ${UNKNOWN_ID} is not in the registry` },
    ],
    [null, null],
  ]);
});

test("beside a contract, and a record of Avro among those of JSON is none of the JSON Schema's", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const id = await registered(`${topic}-value`);
  const of = (payment: object) => framed(id, Buffer.from(JSON.stringify(payment)));
  const avro = await registry.register(
    `${topic}-avro`,
    "AVRO",
    JSON.stringify({ type: "record", name: "Payment", fields: [{ name: "id", type: "string" }] }),
  );
  const text = { logicalType: "string" };
  const contract = contractDocument("payments", {
    properties: [
      { name: "id", ...text, required: true },
      { name: "kind", ...text },
      { name: "card", logicalType: "object", properties: [{ name: "number", ...text }] },
      {
        name: "amount",
        logicalType: "number",
        physicalType: "decimal(9,2)",
        logicalTypeOptions: { maximum: 1000 },
      },
    ],
  });
  await expectFound(
    topic,
    [
      [
        of({ id: "p1", kind: "cash", amount: 12.5 }),
        "output",
        { id: "p1", kind: "cash", number: null, amount: "12.50" },
      ],
      [of({ id: "p2", kind: "cash", amount: 1001 }), "rejects", ["maximum_amount"]],
      [
        of({ id: "p3", kind: "card", amount: -1 }),
        "rejects",
        broken(":/properties/amount/minimum", ":/then"),
      ],
      [framed(avro, zigzag(2n), Buffer.from("p4")), "rejects", broken("")],
      [Buffer.from('{"id":"p5"}'), "deadLetters", noFrame],
    ],
    { contract },
  );
});

test("a property of several types, or of none that is said, takes what the registered schema says", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const properties = {
    id: { type: "string" },
    kind: { enum: ["card", "cash"] },
    card: { type: "object", properties: { number: { type: ["string", "integer"] } } },
    amount: { type: "number" },
  };
  const schema = JSON.stringify({ ...draft, type: "object", properties });
  const id = await registry.register(`${topic}-value`, "JSON", schema);
  const of = (payment: object) => framed(id, Buffer.from(JSON.stringify(payment)));
  await expectFound(
    topic,
    [
      [
        of({ id: "p1", kind: "card", card: { number: 4111 } }),
        "output",
        // JSON, as it is written.
        { id: "p1", kind: '"card"', number: "4111", amount: null },
      ],
      [of({ id: "p2", kind: "gold" }), "rejects", broken(":/properties/kind/enum")],
      [Buffer.from("{}"), "deadLetters", noFrame],
    ],
    {},
    { ...rules, properties },
  );
});
