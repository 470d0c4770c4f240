import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { float64, varint, zigzag } from "../support/registry/framing.ts";

const bootstrapServers = inject("bootstrapServers");

/** A field behind its tag. */
const at = (number: number, type: number, value: Buffer) =>
  Buffer.concat([varint(BigInt((number << 3) | type)), value]);
const whole = (number: number, value: bigint | number) => at(number, 0, varint(BigInt(value)));
const signed = (number: number, value: bigint) => at(number, 0, zigzag(value));
const wide = (number: number, value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return at(number, 1, bytes);
};
const narrow = (number: number, value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return at(number, 5, bytes);
};
const double = (number: number, value: number) => at(number, 1, float64(value));
const float = (number: number, value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return at(number, 5, bytes);
};
const part = (number: number, value: Buffer | string) => {
  const bytes = Buffer.from(value);
  return at(number, 2, Buffer.concat([varint(BigInt(bytes.length)), bytes]));
};
const message = (number: number, ...fields: Buffer[]) => part(number, Buffer.concat(fields));

interface Case {
  name: string;
  /** As `.proto` declares it, without name and number. */
  type: string;
  property: object;
  /** What is sent under the number of the field; nothing: it is absent. */
  sent: readonly ((number: number) => Buffer)[];
  read: readonly (string | null)[];
  sql?: string;
}

const text = { logicalType: "string" };
const object = { logicalType: "object" };
const integer = (physicalType: string) => ({ logicalType: "integer", physicalType });
const number = (physicalType: string) => ({ logicalType: "number", physicalType });
const time = { logicalType: "timestamp" };
const absent = () => Buffer.alloc(0);

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;
const MIN_32 = -2_147_483_648;
const MAX_32 = 2_147_483_647;

const seconds = (value: bigint | number, nanos = 0) => [whole(1, value), whole(2, nanos)];

const CASES: readonly Case[] = [
  {
    name: "int32_v",
    type: "int32",
    property: integer("int"),
    sent: [(n) => whole(n, MIN_32), (n) => whole(n, MAX_32), absent],
    read: [`${MIN_32}`, `${MAX_32}`, "0"],
  },
  {
    name: "int64_v",
    type: "int64",
    property: integer("bigint"),
    sent: [(n) => whole(n, MIN), (n) => whole(n, MAX), absent],
    read: [`${MIN}`, `${MAX}`, "0"],
  },
  {
    name: "uint32_v",
    type: "uint32",
    property: integer("bigint"),
    sent: [(n) => whole(n, 0), (n) => whole(n, 4_294_967_295), absent],
    read: ["0", "4294967295", "0"],
  },
  {
    name: "uint64_v",
    type: "uint64",
    property: number("decimal(20,0)"),
    sent: [(n) => whole(n, 2n ** 63n), (n) => whole(n, 2n ** 64n - 1n), absent],
    read: ["9223372036854775808", "18446744073709551615", "0"],
  },
  {
    name: "sint32_v",
    type: "sint32",
    property: integer("int"),
    sent: [(n) => signed(n, BigInt(MIN_32)), (n) => signed(n, BigInt(MAX_32)), absent],
    read: [`${MIN_32}`, `${MAX_32}`, "0"],
  },
  {
    name: "sint64_v",
    type: "sint64",
    property: integer("bigint"),
    sent: [(n) => signed(n, MIN), (n) => signed(n, MAX), absent],
    read: [`${MIN}`, `${MAX}`, "0"],
  },
  {
    name: "fixed32_v",
    type: "fixed32",
    property: integer("bigint"),
    sent: [(n) => narrow(n, 0), (n) => narrow(n, 0xffffffff), absent],
    read: ["0", "4294967295", "0"],
  },
  {
    name: "fixed64_v",
    type: "fixed64",
    property: number("decimal(20,0)"),
    sent: [(n) => wide(n, 0n), (n) => wide(n, 2n ** 64n - 1n), absent],
    read: ["0", "18446744073709551615", "0"],
  },
  {
    name: "sfixed32_v",
    type: "sfixed32",
    property: integer("int"),
    sent: [(n) => narrow(n, MIN_32), (n) => narrow(n, MAX_32), absent],
    read: [`${MIN_32}`, `${MAX_32}`, "0"],
  },
  {
    name: "sfixed64_v",
    type: "sfixed64",
    property: integer("bigint"),
    sent: [(n) => wide(n, MIN), (n) => wide(n, MAX), absent],
    read: [`${MIN}`, `${MAX}`, "0"],
  },
  {
    name: "float_v",
    type: "float",
    property: number("float"),
    sent: [(n) => float(n, -3.5), (n) => float(n, 1.5), absent],
    read: ["-3.5", "1.5", "0.0"],
  },
  {
    name: "double_v",
    type: "double",
    property: number("double"),
    sent: [(n) => double(n, -Number.MAX_VALUE), (n) => double(n, Number.MIN_VALUE), absent],
    read: ["-1.7976931348623157e+308", "5e-324", "0.0"],
  },
  {
    name: "bool_v",
    type: "bool",
    property: { logicalType: "boolean" },
    sent: [(n) => whole(n, 1), (n) => whole(n, 0), absent],
    read: ["true", "false", "false"],
  },
  {
    name: "string_v",
    type: "string",
    property: text,
    sent: [(n) => part(n, "ö €"), (n) => part(n, ""), absent],
    read: ["ö €", "", ""],
  },
  {
    name: "bytes_v",
    type: "bytes",
    property: { logicalType: "string", physicalType: "binary" },
    sent: [(n) => part(n, Buffer.from([0, 255])), (n) => part(n, ""), absent],
    read: ["00FF", "", ""],
    sql: "hex(bytes_v)",
  },
  {
    name: "bytes_as_text",
    type: "bytes",
    property: text,
    sent: [(n) => part(n, Buffer.from([0, 255])), (n) => part(n, ""), absent],
    read: ["AP8=", "", ""],
  },
  {
    name: "optional_v",
    type: "optional int64",
    property: integer("bigint"),
    sent: [(n) => whole(n, 0), (n) => whole(n, MIN), absent],
    read: ["0", `${MIN}`, null],
  },
  {
    name: "colour",
    type: "Colour",
    property: text,
    sent: [(n) => whole(n, 1), (n) => whole(n, 0), absent],
    read: ["GREEN", "RED", "RED"],
  },
  {
    name: "timestamp_v",
    type: "google.protobuf.Timestamp",
    property: time,
    sent: [
      (n) => message(n, ...seconds(-62_135_596_800n)),
      (n) => message(n, ...seconds(253_402_300_799n, 999_999_000)),
      absent,
    ],
    read: ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00", null],
  },
  {
    name: "duration_v",
    type: "google.protobuf.Duration",
    property: text,
    sent: [
      (n) => message(n, ...seconds(3, 500_000_000)),
      (n) => message(n, ...seconds(-1n)),
      absent,
    ],
    read: ["3.500s", "-1s", null],
  },
  {
    name: "wrapped_long",
    type: "google.protobuf.Int64Value",
    property: integer("bigint"),
    sent: [(n) => message(n, whole(1, MAX)), (n) => message(n), absent],
    read: [`${MAX}`, "0", null],
  },
  {
    name: "wrapped_text",
    type: "google.protobuf.StringValue",
    property: text,
    sent: [(n) => message(n, part(1, "x")), (n) => message(n), absent],
    read: ["x", "", null],
  },
  {
    name: "struct_v",
    type: "google.protobuf.Struct",
    property: object,
    sent: [
      (n) => message(n, message(1, part(1, "a"), message(2, double(2, 1)))),
      (n) => message(n),
      absent,
    ],
    read: ['{"a":1.0}', "{}", null],
    sql: "CASE struct_v WHEN '{\"a\":1}' THEN '{\"a\":1.0}' ELSE struct_v END",
  },
  {
    name: "mask",
    type: "google.protobuf.FieldMask",
    property: text,
    sent: [(n) => message(n, part(1, "user_id"), part(1, "name")), (n) => message(n), absent],
    read: ["userId,name", "", null],
  },
  {
    name: "numbers",
    type: "repeated int64",
    property: {
      logicalType: "array",
      items: { name: "number", logicalType: "integer" },
    },
    sent: [
      (n) => message(n, varint(BigInt.asUintN(64, -1n)), varint(2n)),
      (n) => Buffer.concat([whole(n, 1), whole(n, 2)]),
      absent,
    ],
    read: ["[-1, 2]", "[1, 2]", "[]"],
  },
  {
    name: "by_name",
    type: "map<string, int64>",
    property: {
      logicalType: "map",
      map: { key: { logicalType: "string" }, value: { logicalType: "integer" } },
    },
    sent: [
      (n) =>
        Buffer.concat([
          message(n, part(1, "a"), whole(2, 1)),
          message(n, part(1, "a"), whole(2, 2)),
        ]),
      (n) => message(n, whole(2, 7)),
      absent,
    ],
    read: ["{a=2}", "{''=7}", "{}"],
  },
  {
    name: "place",
    type: "Place",
    property: { logicalType: "object", properties: [{ name: "lat", logicalType: "number" }] },
    sent: [
      (n) => message(n, double(1, 90), part(2, "unknown")),
      // Comes twice: the two are one.
      (n) => Buffer.concat([message(n, double(1, 1)), message(n)]),
      absent,
    ],
    read: ["{'lat': 90.0}", "{'lat': 1.0}", null],
  },
];

const ONEOF = { left: 101, right: 102 };

const PROTO = (cases: readonly Case[]) => `syntax = "proto3";
package types;
import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/field_mask.proto";
enum Colour { RED = 0; GREEN = 1; }
message Place { double lat = 1; string name = 2; }
message Other {}
message Types {
${cases.map(({ name, type }, index) => `  ${type} ${name} = ${index + 1};`).join("\n")}
  oneof either { string left = ${ONEOF.left}; int64 right = ${ONEOF.right}; }
}
`;

test("every type of Protobuf, with values at its limits, is what independent readers find", async () => {
  const folder = await temporaryFolder();
  const schema = join(folder, "types.proto");
  await writeFile(schema, PROTO(CASES));
  const oneof = [
    part(ONEOF.left, "x"),
    Buffer.concat([part(ONEOF.left, "x"), whole(ONEOF.right, 0)]),
    Buffer.alloc(0),
  ];
  const payloads = oneof.map((member, row) =>
    Buffer.concat([...CASES.map(({ sent }, index) => sent[row]?.(index + 1) ?? absent()), member]),
  );
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, [
    ...payloads.map((value) => ({ value })),
    { value: Buffer.from([0x08]) },
  ]);
  const output = join(folder, "types");
  const properties = [
    ...CASES.map(({ name, property }) => ({ name, ...property })),
    { name: "left", ...text },
    { name: "right", ...integer("bigint") },
  ];
  const batches = await runToEnd({
    name: "types",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets: "earliest",
      },
      decode: "protobuf",
      schema,
      message: "types.Types",
    },
    contract: contractDocument("types", { properties }, { apiVersion: "v3.2.0" }),
    output: { format: "delta", path: output },
    deadLetters: { format: "delta", path: join(folder, "dead") },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  });
  expect(totals(batches)).toMatchObject({ records: 4, accepted: 3, rejected: 0, deadLetters: 1 });
  const columns = CASES.map(({ name, sql }) => `${sql ?? `CAST(${name} AS VARCHAR)`} AS ${name}`);
  const members = `"left", CAST("right" AS VARCHAR) AS "right"`;
  const sql = `SELECT ${columns.join(", ")}, ${members} FROM t ORDER BY _kafka_offset`;
  const rows = await queryTable(output, sql);
  const either = [
    { left: "x", right: null },
    { left: null, right: "0" },
    { left: null, right: null },
  ];
  for (const [row, found] of rows.entries()) {
    const expected = CASES.map((each) => [each.name, each.read[row]]);
    expect(found).toEqual({ ...Object.fromEntries(expected), ...either[row] });
  }
  const [dead] = await queryTable(
    join(folder, "dead"),
    "SELECT _error_type, _error_message, _kafka_offset FROM t",
  );
  expect(dead).toMatchObject({ _error_type: "PROTOBUF_DECODE_ERROR", _kafka_offset: 3 });
});
