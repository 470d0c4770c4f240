import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type StreamingNodeConfig, validateConfig } from "headgate";
import { expect, inject, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import type { Destination } from "../support/coordinates.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryFolder, temporaryLake } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { zigzag } from "../support/registry/framing.ts";
import { expectSplit } from "../support/split.ts";

const bootstrapServers = inject("bootstrapServers");

type Bytes = Buffer | string | null;

/** A key, the table that its record belongs to, and what is there of it, or why it is no row. */
interface Sent {
  key: Bytes;
  value?: Bytes;
  to: Destination | null;
  found?: string | null;
}

const output = (key: Bytes, found: string | null): Sent => ({ key, to: "output", found });
const rejected = (key: Bytes, found: string | null): Sent => ({ key, to: "rejects", found });
const dead = (key: Bytes, found: string): Sent => ({ key, to: "deadLetters", found });

const text = { logicalType: "string" };
const whole = { logicalType: "integer" };
const place = {
  logicalType: "object",
  properties: [
    { name: "fleet", ...text },
    { name: "car", ...whole },
  ],
};
const words = (...texts: string[]) =>
  Buffer.concat(texts.flatMap((text) => [zigzag(BigInt(text.length)), Buffer.from(text)]));
const hex = (bytes: string) => Buffer.from(bytes, "hex");

const placeAvro = JSON.stringify({
  type: "record",
  name: "Place",
  fields: [
    { name: "car", type: "long" },
    { name: "fleet", type: "string" },
    { name: "unasked", type: "int" },
  ],
});
const placeProto = `syntax = "proto3";
message Unused { int32 n = 1; }
message Place { string fleet = 1; int64 car = 2; }
`;

type KeyOptions = Omit<NonNullable<StreamingNodeConfig["input"]["key"]>, "column">;

interface Case {
  name: string;
  key: KeyOptions;
  /** Of the key's column. */
  property: object;
  /** A schema's file of that name. */
  file?: readonly [name: string, text: string];
  sent: readonly Sent[];
}

const CASES: readonly Case[] = [
  {
    name: "raw text, which is the default",
    key: {},
    property: text,
    sent: [
      output("car 1", "car 1"),
      output("", ""),
      output(null, null),
      dead(hex("61ff"), "ENCODING_ERROR: key: not UTF-8 at byte 1"),
      output('{"not":"parsed"}', '{"not":"parsed"}'),
      // The key of a record that has no row tells nothing, and counts for nothing.
      { key: "tombstone", value: null, to: null },
      { key: hex("ff"), value: null, to: null },
      { key: "broken value", value: "{", to: "deadLetters", found: expect.stringMatching("^JSON") },
      { key: hex("ff"), value: "{", to: "deadLetters", found: expect.stringMatching("^JSON") },
    ],
  },
  {
    name: "one JSON value",
    key: { decode: "json" },
    property: { ...whole, required: true },
    sent: [
      output("17", "17"),
      output(" -9223372036854775808 ", "-9223372036854775808"),
      rejected('"17"', null),
      rejected("1.5", null),
      rejected("null", null),
      rejected(null, null),
      dead("", expect.stringMatching("^JSON_PARSE_ERROR: key: ")),
      dead("17 18", expect.stringMatching("^JSON_PARSE_ERROR: key: .*byte 3")),
      dead(hex("22ff22"), "ENCODING_ERROR: key: not UTF-8 at byte 1"),
    ],
  },
  {
    name: "a JSON object",
    key: { decode: "json" },
    property: place,
    sent: [
      output('{"car":1,"fleet":"a","unasked":true}', "{'fleet': a, 'car': 1}"),
      output("{}", "{'fleet': NULL, 'car': NULL}"),
      output(null, null),
      rejected('{"car":"one"}', "{'fleet': NULL, 'car': NULL}"),
      dead("[1]", expect.stringMatching("^JSON_PARSE_ERROR: key: ")),
      dead('{"car":1', expect.stringMatching("^JSON_PARSE_ERROR: key: .*byte 8")),
    ],
  },
  {
    name: "an Avro record",
    key: { decode: "avro", schema: "place.avsc" },
    file: ["place.avsc", placeAvro],
    property: place,
    sent: [
      output(Buffer.concat([zigzag(-7n), words("a"), zigzag(0n)]), "{'fleet': a, 'car': -7}"),
      output(null, null),
      dead(zigzag(-7n), expect.stringMatching("^AVRO_DECODE_ERROR: key: ")),
      dead(
        Buffer.concat([zigzag(-7n), words("a"), zigzag(0n), hex("00")]),
        expect.stringMatching("^AVRO_DECODE_ERROR: key: "),
      ),
      dead("", expect.stringMatching("^AVRO_DECODE_ERROR: key: ")),
    ],
  },
  {
    name: "an Avro text",
    key: { decode: "avro", schema: "name.avsc" },
    file: ["name.avsc", '"string"'],
    property: text,
    sent: [
      output(words("car 1"), "car 1"),
      output(words(""), ""),
      output(null, null),
      dead("car 1", expect.stringMatching("^AVRO_DECODE_ERROR: key: ")),
    ],
  },
  {
    name: "a Protobuf message",
    key: { decode: "protobuf", schema: "place.proto", message: "Place" },
    file: ["place.proto", placeProto],
    property: place,
    sent: [
      output(hex("0a01611007"), "{'fleet': a, 'car': 7}"),
      // Without presence, absent means the default.
      output("", "{'fleet': '', 'car': 0}"),
      output(null, null),
      dead(hex("0a056101"), expect.stringMatching("^PROTOBUF_DECODE_ERROR: key: ")),
    ],
  },
  {
    name: "a line of CSV",
    key: { decode: "csv", csv: { delimiter: "|", columns: ["car", "fleet"] } },
    property: place,
    sent: [
      output("1|a", "{'fleet': a, 'car': 1}"),
      output("|", "{'fleet': NULL, 'car': NULL}"),
      output(null, null),
      rejected("one|a", "{'fleet': a, 'car': NULL}"),
      dead("1", "CSV_PARSE_ERROR: key: expected 2 fields, not 1"),
      dead('1|"a', "CSV_PARSE_ERROR: key: quote that does not end at byte 2"),
    ],
  },
  {
    name: "a field of CSV",
    key: { decode: "csv" },
    property: whole,
    sent: [
      output("17", "17"),
      rejected("x", null),
      dead("1,7", "CSV_PARSE_ERROR: key: expected 1 fields, not 2"),
    ],
  },
];

test.each(CASES)("keys: $name", async ({ key, property, file, sent }) => {
  const folder = await temporaryFolder();
  if (file !== undefined) await writeFile(join(folder, file[0]), file[1]);
  const topic = await createTopic(bootstrapServers, 1);
  const records = sent.map(({ key, value }, at) => ({
    key,
    value: value === undefined ? JSON.stringify({ last: at, first: `row ${at}` }) : value,
  }));
  const produced = await produce(bootstrapServers, topic, records);
  const lake = await temporaryLake();
  const { input, ...split } = splitEvents(bootstrapServers, topic, lake);
  const { schema, ...options } = key;
  const batches = await runToEnd({
    ...split,
    input: {
      ...input,
      key: { column: "car", ...options, ...(schema && { schema: join(folder, schema) }) },
    },
    contract: contractDocument(
      "cars",
      {
        properties: [
          { name: "first", ...text, required: true },
          { name: "car", ...property },
          { name: "last", ...whole, required: true },
        ],
      },
      { apiVersion: "v3.2.0" },
    ),
  });
  const to = sent.map((record) => record.to);
  for (const [name, path] of await expectSplit(lake, batches, produced, to)) {
    const isDead = name === "deadLetters";
    const found = isDead ? "_error_type || ': ' || _error_message" : "CAST(car AS VARCHAR)";
    const beside = isDead ? "hex(_kafka_key) AS sent" : "first, last";
    const rows = await queryTable(
      path,
      `SELECT ${found} AS found, ${beside} FROM t ORDER BY _kafka_offset`,
    );
    const wanted = sent.flatMap(({ key, to, found }, at) => {
      if (to !== name) return [];
      const bytes = Buffer.from(key ?? "")
        .toString("hex")
        .toUpperCase();
      return [isDead ? { found, sent: bytes } : { found, first: `row ${at}`, last: at }];
    });
    expect(rows).toEqual(wanted);
  }
});

test("a tombstone that is kept has its key", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, [
    { key: "a", value: '{"n":1}' },
    { key: "b", value: null },
  ]);
  const path = join(await temporaryFolder(), "cars");
  await runToEnd({
    name: "cars",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets: "earliest",
      },
      decode: "json",
      tombstones: "keep",
      key: { column: "car" },
    },
    contract: contractDocument("cars", {
      properties: [
        { name: "car", ...text, required: true },
        { name: "n", ...whole },
      ],
    }),
    output: { format: "delta", path },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  });
  expect(await queryTable(path, "SELECT car, n FROM t ORDER BY _kafka_offset")).toEqual([
    { car: "a", n: 1 },
    { car: "b", n: null },
  ]);
});

test.each([
  ["an integer", whole],
  ["an object", place],
  ["JSON of an object", { logicalType: "object" }],
])(
  "a raw key, which is a text, into a column of %s is refused before anything starts",
  async (_, property) => {
    const { issues } = await validateConfig({
      name: "cars",
      input: { format: "rate", decode: "json", key: { column: "car" } },
      contract: contractDocument("cars", {
        properties: [
          { name: "car", ...property },
          { name: "n", ...whole },
        ],
      }),
      output: { format: "delta", path: "lake/cars" },
    });
    expect(issues).toMatchObject([{ field: expect.stringMatching("^input.key") }]);
  },
);
