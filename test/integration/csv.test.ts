import type { StreamingNodeConfig } from "headgate";
import { expect, inject, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import type { Destination } from "../support/coordinates.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { expectSplit } from "../support/split.ts";

const bootstrapServers = inject("bootstrapServers");

const contract = contractDocument(
  "trips",
  {
    properties: [
      { name: "id", logicalType: "integer", required: true },
      { name: "name", logicalType: "string" },
      { name: "price", logicalType: "number", physicalType: "decimal(10,2)" },
      { name: "sent_at", logicalType: "timestamp" },
      { name: "paid", logicalType: "boolean" },
      { name: "tags", logicalType: "array", items: { name: "tag", logicalType: "string" } },
    ],
  },
  { apiVersion: "v3.2.0" },
);

type Values = readonly (string | null)[];

/** A payload, the table that it belongs to, and what is there: values, or why it is no row. */
type Sent = readonly [payload: string | Buffer | null, to: Destination | null, found?: Values];

const output = (payload: string, ...values: Values): Sent => [payload, "output", values];
const rejected = (payload: string, ...values: Values): Sent => [payload, "rejects", values];
const dead = (payload: string | Buffer, kind: string, message: string): Sent => [
  payload,
  "deadLetters",
  [kind, message],
];
const noLine = (payload: string, message: string) => dead(payload, "CSV_PARSE_ERROR", message);
const skipped: Sent = [null, null];

/** Of the columns behind `id` and `name`. */
const NULLS = [null, null, null, null];
const COLUMNS = ["id", "name", "price", "sent_at", "paid", "tags"];

async function expectFound(
  sent: readonly Sent[],
  csv: NonNullable<StreamingNodeConfig["input"]["csv"]>,
  input: Partial<StreamingNodeConfig["input"]> = {},
  columns = COLUMNS,
) {
  const topic = await createTopic(bootstrapServers, 1);
  const produced = await produce(
    bootstrapServers,
    topic,
    sent.map(([value]) => ({ value })),
  );
  const lake = await temporaryLake();
  const { input: kafka, ...split } = splitEvents(bootstrapServers, topic, lake);
  const read = { ...kafka, decode: "csv", csv, ...input } as const;
  const batches = await runToEnd({ ...split, input: read, contract });
  const to = sent.map(([, destination]) => destination);
  for (const [name, path] of await expectSplit(lake, batches, produced, to)) {
    const asked = name === "deadLetters" ? ["_error_type", "_error_message"] : columns;
    const texts = asked.map((column, at) => `CAST(${column} AS VARCHAR) AS c${at}`);
    const rows = await queryTable<Record<string, string | null>>(
      path,
      `SELECT ${texts} FROM t ORDER BY _kafka_offset`,
    );
    const expected = sent.filter(([, to]) => to === name).map(([, , values]) => values);
    expect(rows.map((row) => asked.map((_, at) => row[`c${at}`]))).toEqual(expected);
  }
  return lake;
}

test("a line is a row with its values, rejected or a dead letter, and touches no other", async () => {
  const tables = await expectFound(
    [
      output(
        '1,Ada,12.50,2026-11-22T05:15:29.123Z,true,"[""a"",""b""]"',
        "1",
        "Ada",
        "12.50",
        "2026-11-22 05:15:29.123+00",
        "true",
        "[a, b]",
      ),
      noLine("2,too,few", "expected 6 fields, not 3"),
      output(
        '3,"Gödel, Kurt",-0.01,1969-12-31T23:59:59Z,FALSE,[]\r\n',
        "3",
        "Gödel, Kurt",
        "-0.01",
        "1969-12-31 23:59:59+00",
        "false",
        "[]",
      ),
      noLine("4,too,1,2026-01-01T00:00:00Z,true,[],many", "expected 6 fields, not 7"),
      output('5,"two\nlines, and a ""quote""",,,,', "5", 'two\nlines, and a "quote"', ...NULLS),
      noLine('6,"never ends,1,,,', "quote that does not end at byte 2"),
      noLine('7,"ends"early,1,,,', "expected a delimiter behind a quote at byte 8"),
      output('8,a "letter",,,,', "8", 'a "letter"', ...NULLS),
      // Unquoted, an empty field is none; quoted, it is an empty text, which is no number.
      output("9,,,,,", "9", null, ...NULLS),
      output('10,"",,,,', "10", "", ...NULLS),
      rejected('11,x,"",,,', "11", "x", ...NULLS),
      noLine("12,a,,,,\n13,b,,,,", "expected one line, but more follows at byte 9"),
      output("14,a;b,,,,\n", "14", "a;b", ...NULLS),
      // What a column cannot hold, exactly, is NULL there, and a violation.
      rejected("15,x,1.005,,,", "15", "x", ...NULLS),
      rejected("16,x,,yesterday,,", "16", "x", ...NULLS),
      rejected("17,x,,,1,", "17", "x", ...NULLS),
      rejected("18,x,,,,[1", "18", "x", ...NULLS),
      rejected(" 19,x,,,,", null, "x", ...NULLS),
      rejected("9223372036854775808,x,,,,", null, "x", ...NULLS),
      rejected(",x,,,,", null, "x", ...NULLS),
      output("-9223372036854775808,x,,,,", "-9223372036854775808", "x", ...NULLS),
      output("21,x,99999999.99,,,", "21", "x", "99999999.99", null, null, null),
      skipped,
      noLine("", "expected a line at byte 0"),
      noLine("\n", "expected a line at byte 0"),
      dead(Buffer.from([0x31, 0x2c, 0xff]), "ENCODING_ERROR", "not UTF-8 at byte 2"),
      output("\uFEFF26,after a mark,,,,", "26", "after a mark", ...NULLS),
    ],
    {},
  );
  const [raw] = await queryTable<{ _raw_value: string }>(
    tables.deadLetters,
    "SELECT _raw_value FROM t WHERE _kafka_offset = 5",
  );
  expect(Buffer.from(raw?._raw_value ?? "", "hex").toString()).toBe('6,"never ends,1,,,');
});

test("delimiter, quote and NULL words are the user's", async () => {
  await expectFound(
    [
      output("1;'semi;colon';1.00;;;", "1", "semi;colon", "1.00", null, null, null),
      output("2;'it''s';NA;NA;NA;NA", "2", "it's", ...NULLS),
      // In quotes a NULL word is a text like others; double quotes and commas are letters.
      output("3;'NA';;;;", "3", "NA", ...NULLS),
      output('4;"a,b";;;;', "4", '"a,b"', ...NULLS),
      output("5;na;;;;", "5", "na", ...NULLS),
      rejected("NA;x;;;;", null, "x", ...NULLS),
      noLine("7,x,,,,", "expected 6 fields, not 1"),
      noLine("8;'x;;;;", "quote that does not end at byte 2"),
    ],
    { delimiter: ";", quote: "'", nullWords: ["", "NA"] },
  );
});

test("without quotes they are letters, and no empty word is NULL where none is named", async () => {
  await expectFound(
    [
      output('1\t"a\tNULL\tNULL\tNULL\tNULL', "1", '"a', ...NULLS),
      output("2\t\tNULL\tNULL\tNULL\tNULL", "2", "", ...NULLS),
      rejected("3\tx\t\tNULL\tNULL\tNULL", "3", "x", ...NULLS),
    ],
    { delimiter: "\t", quote: "", nullWords: ["NULL"] },
  );
});

test("a header names the fields of its own record", async () => {
  await expectFound(
    [
      output("id,name\n1,Ada", "1", "Ada", null, null),
      output("id,name\n2,Bo\n", "2", "Bo", null, null),
      output("name,price,id\r\nCy,3.00,3\r\n", "3", "Cy", "3.00", null),
      output(
        'id,"name",colour,size\n4,Di,"re""d",',
        "4",
        "Di",
        null,
        '{"colour":"re\\"d","size":null}',
      ),
      output("id,name\n5,Ed", "5", "Ed", null, null),
      // A header that another one starts with, and a value that looks like one.
      output("id,name,price\n6,Flo,6", "6", "Flo", "6.00", null),
      output("id,name\n7,name\n", "7", "name", null, null),
      rejected("name\nGus", null, "Gus", null, null),
      noLine("id,name\n8,Hal,1", "expected 2 fields, not 3"),
      noLine("id,name\n9", "expected 2 fields, not 1"),
      noLine("id,name\n", "expected a line behind the header"),
      noLine("id,name", "expected a line behind the header"),
      noLine("id,id\n1,2", "two columns of the header have one name"),
      noLine("id,name\n10,Ida\n11,Jo", "expected one line, but more follows at byte 15"),
      noLine('id,"name\n12,Kim', "quote that does not end at byte 3"),
      skipped,
      output("id,name\n13,Lea", "13", "Lea", null, null),
    ],
    { header: true },
    { unknownFields: "extra" },
    ["id", "name", "price", "_extra"],
  );
});

test("the user names the fields of a line, and may want no others", async () => {
  await expectFound(
    [
      output("Ada,1", "1", "Ada", ...NULLS),
      rejected("Bo,none", null, "Bo", ...NULLS),
      noLine("Cy", "expected 2 fields, not 1"),
    ],
    { columns: ["name", "id"] },
  );
  await expectFound(
    [rejected("Ada,1,red", "1", "Ada", ...NULLS), noLine("Bo,2", "expected 3 fields, not 2")],
    { columns: ["name", "id", "colour"] },
    { unknownFields: "reject" },
  );
});

test.each([
  ["reject", ["deadLetters", ["SCHEMA_VIOLATION", "tombstone"]]],
  ["keep", ["rejects", [null, null, ...NULLS]]],
] as const)("a record without payload, with tombstones: %s", async (tombstones, [to, found]) => {
  await expectFound(
    [output("1,x,,,,", "1", "x", ...NULLS), [null, to, found as Values]],
    {},
    { tombstones },
  );
});
