import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { contractDocument } from "../../support/contract-document.ts";
import type { Destination } from "../../support/coordinates.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryFolder, temporaryLake } from "../../support/query.ts";
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

type Bytes = Buffer | string | null;

/** Key and value of a record, the table that it belongs to, and what is there. */
type Sent = readonly [key: Bytes, value: Bytes, to: Destination | null, found?: unknown];

async function expectFound(
  topic: string,
  sent: readonly Sent[],
  property: object,
  change: { schema?: string } = {},
) {
  const records = sent.map(([key, value]) => ({ key, value }));
  const produced = await produce(bootstrapServers, topic, records);
  const lake = await temporaryLake();
  const { input, ...split } = splitEvents(bootstrapServers, topic, lake);
  const batches = await runToEnd({
    ...split,
    input: {
      ...input,
      registry: { url: registry.url },
      onSchemaChange: "reject",
      key: { column: "car", decode: "avro", ...change },
    },
    contract: contractDocument("cars", {
      properties: [
        { name: "car", ...property },
        { name: "n", logicalType: "integer" },
      ],
    }),
  });
  const to = sent.map(([, , destination]) => destination);
  for (const [name, path] of await expectSplit(lake, batches, produced, to)) {
    const asked =
      name === "deadLetters"
        ? "_error_type || ': ' || _error_message"
        : "concat_ws(' ', coalesce(CAST(car AS VARCHAR), 'no key'), n)";
    const wanted = sent.filter(([, , to]) => to === name).map(([, , , found]) => ({ found }));
    const rows = `SELECT ${asked} AS found FROM t ORDER BY _kafka_offset`;
    expect(await queryTable(path, rows)).toEqual(wanted);
  }
}

const text = (value: string) => Buffer.concat([zigzag(BigInt(value.length)), Buffer.from(value)]);

const starts = (start: string) => expect.stringMatching(`^${start}`);

async function values(topic: string): Promise<(n: number) => Buffer> {
  const schema = { type: "object", properties: { n: { type: "integer" } } };
  const id = await registry.register(`${topic}-value`, "JSON", JSON.stringify(schema));
  return (n) => framed(id, Buffer.from(JSON.stringify({ n })));
}

test("a framed key is one value, by its own schema", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const value = await values(topic);
  const avro = await registry.register(`${topic}-key`, "AVRO", '"string"');
  const scalar = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"string"}';
  const json = await registry.register(`${topic}-other`, "JSON", scalar);
  const misfit = await registry.register(`${topic}-more`, "AVRO", '{"type":"array","items":"int"}');
  await expectFound(
    topic,
    [
      [framed(avro, text("a")), value(0), "output", "a 0"],
      [framed(json, Buffer.from('"b"')), value(1), "output", "b 1"],
      [null, value(2), "output", "no key 2"],
      ["c", value(3), "deadLetters", starts("WIRE_FORMAT_ERROR: key: expected the wire format")],
      [
        framed(avro, text("d").subarray(0, 1)),
        value(4),
        "deadLetters",
        starts("AVRO_DECODE_ERROR: key: "),
      ],
      [framed(json, Buffer.from('"e')), value(5), "deadLetters", starts("JSON_PARSE_ERROR: key: ")],
      [
        framed(UNKNOWN_ID, text("f")),
        value(6),
        "deadLetters",
        `WIRE_FORMAT_ERROR: key: schema ${UNKNOWN_ID} is not in the registry`,
      ],
      [framed(misfit, zigzag(0n)), value(7), "deadLetters", starts("SCHEMA_REFUSED: key: ")],
      [framed(json, Buffer.from("8")), value(8), "rejects", "no key 8"],
      [framed(avro, text("i")), null, null],
      [framed(avro, text("j")), "no frame", "deadLetters", starts("WIRE_FORMAT_ERROR: expected")],
      [framed(avro, text("k")), value(11), "output", "k 11"],
    ],
    { logicalType: "string" },
  );
});

test("a framed key is an object, by its own schema", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const value = await values(topic);
  const fields = [
    { name: "at", type: "int" },
    { name: "of", type: "string" },
  ];
  const record = JSON.stringify({ type: "record", name: "Place", fields });
  const avro = await registry.register(`${topic}-key`, "AVRO", record);
  const message =
    'syntax = "proto3"; message None {} message Place { string of = 1; int32 at = 2; }';
  const protobuf = await registry.register(`${topic}-other`, "PROTOBUF", message);
  const second = Buffer.concat([zigzag(1n), zigzag(1n)]);
  await expectFound(
    topic,
    [
      [framed(avro, zigzag(-1n), text("a")), value(0), "output", "{'of': a, 'at': -1} 0"],
      [
        framed(protobuf, second, Buffer.from("0a01621002", "hex")),
        value(1),
        "output",
        "{'of': b, 'at': 2} 1",
      ],
      [null, value(2), "output", "no key 2"],
      [
        framed(protobuf, Buffer.from([0x80])),
        value(3),
        "deadLetters",
        starts("WIRE_FORMAT_ERROR: key: "),
      ],
      [
        framed(protobuf, second, Buffer.from([0x0a])),
        value(4),
        "deadLetters",
        starts("PROTOBUF_DECODE_ERROR: key: "),
      ],
    ],
    {
      logicalType: "object",
      properties: [
        { name: "of", logicalType: "string" },
        { name: "at", logicalType: "integer" },
      ],
    },
  );
});

test("a key with a schema of its own is bare, beside framed values", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const value = await values(topic);
  const schema = join(await temporaryFolder(), "key.avsc");
  await writeFile(schema, '"string"');
  await expectFound(
    topic,
    [
      [text("a"), value(0), "output", "a 0"],
      [framed(1, text("b")), value(1), "deadLetters", starts("AVRO_DECODE_ERROR: key: ")],
    ],
    { logicalType: "string" },
    { schema },
  );
});

test("a key by the schema of values, which does not fit it, is no matter of other records", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const avro = await registry.register(`${topic}-key`, "AVRO", '"string"');
  const fields = [{ name: "n", type: "long" }];
  const record = JSON.stringify({ type: "record", name: "Count", fields });
  const id = await registry.register(`${topic}-value`, "AVRO", record);
  const value = (n: number) => framed(id, zigzag(BigInt(n)));
  await expectFound(
    topic,
    [
      [framed(avro, text("a")), value(0), "output", "a 0"],
      [value(1), value(1), "deadLetters", starts("SCHEMA_REFUSED: key: ")],
      [framed(avro, text("c")), value(2), "output", "c 2"],
    ],
    { logicalType: "string", required: true },
  );
});
