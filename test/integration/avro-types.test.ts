import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { float64, zigzag } from "../support/registry/framing.ts";

const bootstrapServers = inject("bootstrapServers");

const long = (value: bigint | number) => zigzag(BigInt(value));
const bytes = (value: Buffer) => Buffer.concat([long(value.length), value]);
const text = (value: string) => bytes(Buffer.from(value));
const hex = (value: string) => Buffer.from(value, "hex");
const float32 = (value: number) => {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return out;
};
/** Two's complement, big-endian, in as few bytes as `size`, or in just that many. */
const unscaled = (value: bigint, size: number) =>
  hex(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, "0"),
  );
const words = (...values: number[]) => {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => {
    out.writeUInt32LE(value, 4 * at);
  });
  return out;
};

/** A field of the writer, the property of the contract, and its values: as sent, and as DuckDB says. */
interface Case {
  name: string;
  avro: unknown;
  property: object;
  sent: readonly Buffer[];
  read: readonly (string | null)[];
  /** What DuckDB is asked for; the value as text otherwise. */
  sql?: string;
}

const text_ = { logicalType: "string" };
const number = (physicalType: string) => ({ logicalType: "number", physicalType });
const integer = (physicalType: string) => ({ logicalType: "integer", physicalType });
const binary = { logicalType: "string", physicalType: "binary" };
const utc = { logicalType: "timestamp" };
const local = { logicalType: "timestamp", physicalType: "timestamp_ntz" };
const logical = (type: string, logicalType: string, more = {}) => ({ type, logicalType, ...more });

const DIGITS = 10n ** 38n - 1n;
const YEAR_0 = -62_167_219_200n;
const YEAR_1 = -62_135_596_800n;
const YEAR_9999 = 253_402_300_799n;

const CASES: readonly Case[] = [
  {
    name: "decimal_bytes",
    avro: logical("bytes", "decimal", { precision: 38, scale: 10 }),
    property: number("decimal(38,10)"),
    sent: [bytes(unscaled(-DIGITS, 16)), bytes(unscaled(DIGITS, 16)), bytes(unscaled(-1n, 1))],
    read: [
      "-9999999999999999999999999999.9999999999",
      "9999999999999999999999999999.9999999999",
      "-0.0000000001",
    ],
  },
  {
    name: "decimal_fixed",
    avro: { ...logical("fixed", "decimal", { precision: 18, scale: 2 }), name: "Money", size: 8 },
    property: number("decimal(20,4)"),
    sent: [
      unscaled(-999_999_999_999_999_999n, 8),
      unscaled(999_999_999_999_999_999n, 8),
      unscaled(0n, 8),
    ],
    read: ["-9999999999999999.9900", "9999999999999999.9900", "0.0000"],
  },
  {
    name: "big_decimal",
    avro: logical("bytes", "big-decimal"),
    property: text_,
    sent: [
      bytes(Buffer.concat([bytes(unscaled(-DIGITS, 16)), long(38)])),
      bytes(Buffer.concat([bytes(unscaled(DIGITS, 16)), long(0)])),
      bytes(Buffer.concat([bytes(unscaled(125n, 1)), long(2)])),
    ],
    read: [`-0.${"9".repeat(38)}`, "9".repeat(38), "1.25"],
  },
  {
    name: "uuid_text",
    avro: logical("string", "uuid"),
    property: text_,
    sent: [
      text("00000000-0000-0000-0000-000000000000"),
      text("FFFFFFFF-ffff-ffff-ffff-ffffffffffff"),
      text("0188d0a4-7d1f-7c3e-9d5a-2f1e4b6c8a90"),
    ],
    read: [
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      "0188d0a4-7d1f-7c3e-9d5a-2f1e4b6c8a90",
    ],
  },
  {
    name: "uuid_fixed",
    avro: { ...logical("fixed", "uuid"), name: "Id", size: 16 },
    property: text_,
    sent: [Buffer.alloc(16), Buffer.alloc(16, 0xff), hex("0188d0a47d1f7c3e9d5a2f1e4b6c8a90")],
    read: [
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      "0188d0a4-7d1f-7c3e-9d5a-2f1e4b6c8a90",
    ],
  },
  {
    name: "date",
    avro: logical("int", "date"),
    property: { logicalType: "date" },
    sent: [long(-719_162), long(2_932_896), long(-1)],
    read: ["0001-01-01", "9999-12-31", "1969-12-31"],
  },
  {
    name: "time_millis",
    avro: logical("int", "time-millis"),
    property: { logicalType: "time" },
    sent: [long(0), long(86_399_999), long(1)],
    read: ["00:00:00", "23:59:59.999", "00:00:00.001"],
  },
  {
    name: "time_micros",
    avro: logical("long", "time-micros"),
    property: { logicalType: "time" },
    sent: [long(0), long(86_399_999_999), long(1)],
    read: ["00:00:00", "23:59:59.999999", "00:00:00.000001"],
  },
  {
    name: "timestamp_millis",
    avro: logical("long", "timestamp-millis"),
    property: utc,
    sent: [long(YEAR_1 * 1000n), long(YEAR_9999 * 1000n + 999n), long(-1)],
    read: ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999+00", "1969-12-31 23:59:59.999+00"],
  },
  {
    name: "timestamp_micros",
    avro: logical("long", "timestamp-micros"),
    property: utc,
    sent: [long(YEAR_1 * 1_000_000n), long(YEAR_9999 * 1_000_000n + 999_999n), long(-1)],
    read: [
      "0001-01-01 00:00:00+00",
      "9999-12-31 23:59:59.999999+00",
      "1969-12-31 23:59:59.999999+00",
    ],
  },
  {
    name: "timestamp_nanos",
    avro: logical("long", "timestamp-nanos"),
    property: utc,
    // The range of 64 bits, in whole microseconds.
    sent: [long(-9_223_372_036_854_775_000n), long(9_223_372_036_854_775_000n), long(-1000)],
    read: [
      "1677-09-21 00:12:43.145225+00",
      "2262-04-11 23:47:16.854775+00",
      "1969-12-31 23:59:59.999999+00",
    ],
  },
  {
    name: "local_millis",
    avro: logical("long", "local-timestamp-millis"),
    property: local,
    sent: [long(YEAR_1 * 1000n), long(YEAR_9999 * 1000n + 999n), long(0)],
    read: ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999", "1970-01-01 00:00:00"],
  },
  {
    name: "local_micros",
    avro: logical("long", "local-timestamp-micros"),
    property: local,
    sent: [long(YEAR_1 * 1_000_000n), long(YEAR_9999 * 1_000_000n + 999_999n), long(0)],
    read: ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1970-01-01 00:00:00"],
  },
  {
    name: "local_nanos",
    avro: logical("long", "local-timestamp-nanos"),
    property: local,
    sent: [long(-9_223_372_036_854_775_000n), long(9_223_372_036_854_775_000n), long(0)],
    read: ["1677-09-21 00:12:43.145225", "2262-04-11 23:47:16.854775", "1970-01-01 00:00:00"],
  },
  {
    name: "duration",
    avro: { ...logical("fixed", "duration"), name: "Span", size: 12 },
    property: text_,
    sent: [words(0, 0, 0), words(0xffffffff, 0xffffffff, 0xffffffff), words(1, 2, 3_004)],
    read: ["PT0S", "P4294967295M4294967295DT4294967.295S", "P1M2DT3.004S"],
  },
  {
    name: "bytes",
    avro: "bytes",
    property: binary,
    sent: [bytes(Buffer.alloc(0)), bytes(hex("00ff7f80")), bytes(Buffer.from("text"))],
    read: ["", "00FF7F80", "74657874"],
    sql: "hex(bytes)",
  },
  {
    name: "fixed",
    avro: { type: "fixed", name: "Three", size: 3 },
    property: binary,
    sent: [hex("000000"), hex("ffffff"), hex("010203")],
    read: ["000000", "FFFFFF", "010203"],
    sql: "hex(fixed)",
  },
  {
    name: "bytes_as_text",
    avro: "bytes",
    property: text_,
    sent: [bytes(Buffer.alloc(0)), bytes(hex("00ff7f80")), bytes(Buffer.from("text"))],
    read: ["", "AP9/gA==", "dGV4dA=="],
  },
  {
    name: "symbol",
    avro: { type: "enum", name: "Colour", symbols: ["RED", "GREEN"] },
    property: text_,
    sent: [long(0), long(1), long(0)],
    read: ["RED", "GREEN", "RED"],
  },
  {
    name: "int",
    avro: "int",
    property: integer("int"),
    sent: [long(-2_147_483_648), long(2_147_483_647), long(0)],
    read: ["-2147483648", "2147483647", "0"],
  },
  {
    name: "long",
    avro: "long",
    property: integer("bigint"),
    sent: [long(-(2n ** 63n)), long(2n ** 63n - 1n), long(-1)],
    read: ["-9223372036854775808", "9223372036854775807", "-1"],
  },
  {
    name: "int_as_double",
    avro: "int",
    property: number("double"),
    sent: [long(-2_147_483_648), long(2_147_483_647), long(0)],
    read: ["-2147483648.0", "2147483647.0", "0.0"],
  },
  {
    name: "long_as_decimal",
    avro: "long",
    property: number("decimal(20,0)"),
    sent: [long(-(2n ** 63n)), long(2n ** 63n - 1n), long(-1)],
    read: ["-9223372036854775808", "9223372036854775807", "-1"],
  },
  {
    name: "float",
    avro: "float",
    property: number("float"),
    sent: [float32(-3.5), float32(1.5), float32(0)],
    read: ["-3.5", "1.5", "0.0"],
  },
  {
    name: "double",
    avro: "double",
    property: number("double"),
    sent: [float64(-Number.MAX_VALUE), float64(Number.MIN_VALUE), float64(0.1)],
    read: ["-1.7976931348623157e+308", "5e-324", "0.1"],
  },
  {
    name: "flag",
    avro: "boolean",
    property: { logicalType: "boolean" },
    sent: [hex("00"), hex("01"), hex("00")],
    read: ["false", "true", "false"],
  },
  {
    name: "optional",
    avro: ["null", "string"],
    property: text_,
    sent: [long(0), Buffer.concat([long(1), text("ö €")]), Buffer.concat([long(1), text("")])],
    read: [null, "ö €", ""],
  },
  {
    name: "either",
    avro: ["long", "null", "string"],
    property: integer("bigint"),
    sent: [Buffer.concat([long(0), long(7)]), long(1), Buffer.concat([long(0), long(-7)])],
    read: ["7", null, "-7"],
  },
  {
    name: "place",
    avro: {
      type: "record",
      name: "Place",
      fields: [
        { name: "lat", type: "double" },
        { name: "gone", type: "string" },
        { name: "tags", type: { type: "array", items: "string" } },
      ],
    },
    property: {
      logicalType: "object",
      properties: [
        { name: "tags", logicalType: "array", items: { name: "tag", logicalType: "string" } },
        { name: "lat", logicalType: "number" },
      ],
    },
    sent: [
      Buffer.concat([float64(-90), text("x"), long(0)]),
      Buffer.concat([float64(90), text("y"), long(2), text("a"), text("b"), long(0)]),
      // A block that tells its size.
      Buffer.concat([float64(0), text(""), long(-1), long(2), text("c"), long(0)]),
    ],
    read: [
      "{'tags': [], 'lat': -90.0}",
      "{'tags': [a, b], 'lat': 90.0}",
      "{'tags': [c], 'lat': 0.0}",
    ],
  },
  {
    name: "by_name",
    avro: { type: "map", values: "long" },
    property: {
      logicalType: "map",
      map: { key: { logicalType: "string" }, value: { logicalType: "integer" } },
    },
    sent: [
      long(0),
      Buffer.concat([long(2), text("a"), long(1), text("b"), long(-1), long(0)]),
      long(0),
    ],
    read: ["{}", "{a=1, b=-1}", "{}"],
  },
];

test("every type of Avro, with values at its limits, is what independent readers find", async () => {
  const { rows, counts } = await written(CASES, 3);
  expect(counts).toMatchObject({ records: 3, accepted: 3, rejected: 0, deadLetters: 0 });
  for (const [row, found] of rows.entries()) {
    const expected = CASES.map((each) => [each.name, each.read[row]]);
    expect(found).toEqual(Object.fromEntries(expected));
  }
});

test("a value that its column cannot hold is NULL there, and nothing is rounded", async () => {
  const misfits: readonly Case[] = [
    {
      name: "rest",
      avro: logical("long", "timestamp-nanos"),
      property: utc,
      sent: [long(1_500), long(1_000)],
      read: [null, "1970-01-01 00:00:00.000001+00"],
    },
    {
      name: "digits",
      avro: logical("bytes", "decimal", { precision: 6, scale: 3 }),
      property: number("decimal(5,2)"),
      sent: [bytes(unscaled(1_001n, 2)), bytes(unscaled(1_010n, 2))],
      read: [null, "1.01"],
    },
    {
      name: "branch",
      avro: ["long", "string"],
      property: integer("bigint"),
      sent: [Buffer.concat([long(1), text("x")]), Buffer.concat([long(0), long(1)])],
      read: [null, "1"],
    },
    {
      name: "range",
      avro: "long",
      property: integer("smallint"),
      sent: [long(32_768), long(-32_768)],
      read: [null, "-32768"],
    },
  ];
  const { rows, counts, rejected } = await written(misfits, 2);
  expect(counts).toMatchObject({ records: 2, accepted: 1, rejected: 1, deadLetters: 0 });
  const of = (row: number) =>
    Object.fromEntries(misfits.map(({ name, read }) => [name, read[row]]));
  expect(rejected).toEqual([of(0)]);
  expect(rows).toEqual([of(1)]);
});

test("a day or a moment whose year has not four digits is NULL, since readers do not agree on it", async () => {
  const beyond: readonly Case[] = [
    {
      name: "day",
      avro: logical("int", "date"),
      property: { logicalType: "date" },
      sent: [long(2_932_897), long(-719_529), long(2_147_483_647), long(2_932_896)],
      read: [null, null, null, "9999-12-31"],
    },
    {
      name: "moment",
      avro: logical("long", "timestamp-micros"),
      property: utc,
      sent: [
        long((YEAR_9999 + 1n) * 1_000_000n),
        long(YEAR_0 * 1_000_000n - 1n),
        long(2n ** 63n - 1n),
        long(YEAR_1 * 1_000_000n),
      ],
      read: [null, null, null, "0001-01-01 00:00:00+00"],
    },
    {
      name: "local",
      avro: logical("long", "local-timestamp-millis"),
      property: local,
      sent: [
        long((YEAR_9999 + 1n) * 1_000n),
        long(YEAR_0 * 1_000n - 1n),
        long(-(2n ** 63n) / 1_000n),
        long(0),
      ],
      read: [null, null, null, "1970-01-01 00:00:00"],
    },
  ];
  const { rows, counts, rejected } = await written(beyond, 4);
  expect(counts).toMatchObject({ accepted: 1, rejected: 3 });
  const of = (row: number) => Object.fromEntries(beyond.map(({ name, read }) => [name, read[row]]));
  expect(rejected).toEqual([of(0), of(1), of(2)]);
  expect(rows).toEqual([of(3)]);
});

/** Writes rows through Kafka and a Delta table, and has DuckDB read them. */
async function written(cases: readonly Case[], length: number) {
  const folder = await temporaryFolder();
  const fields = cases.map(({ name, avro }) => ({ name, type: avro }));
  const schema = join(folder, "types.avsc");
  await writeFile(schema, JSON.stringify({ type: "record", name: "Types", fields }));
  const topic = await createTopic(bootstrapServers, 1);
  const payloads = Array.from({ length }, (_, row) =>
    Buffer.concat(cases.map(({ sent }) => sent[row] ?? Buffer.alloc(0))),
  );
  await produce(
    bootstrapServers,
    topic,
    payloads.map((value) => ({ value })),
  );
  const [output, rejects] = [join(folder, "types"), join(folder, "rejects")];
  const properties = cases.map(({ name, property }) => ({ name, ...property }));
  const batches = await runToEnd({
    name: "types",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets: "earliest",
      },
      decode: "avro",
      schema,
    },
    contract: contractDocument("types", { properties }, { apiVersion: "v3.2.0" }),
    onViolation: "split",
    output: { format: "delta", path: output },
    rejects: { format: "delta", path: rejects },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  });
  const columns = cases.map(({ name, sql }) => `${sql ?? `CAST(${name} AS VARCHAR)`} AS ${name}`);
  const all = `SELECT ${columns.join(", ")} FROM t ORDER BY _kafka_offset`;
  const counts = totals(batches);
  return {
    rows: await queryTable(output, all),
    rejected: counts.rejected > 0 ? await queryTable(rejects, all) : [],
    counts,
  };
}
