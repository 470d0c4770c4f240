import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { type LoadedConfig, loadConfig } from "../../ts/config/load.ts";
import { toWire } from "../../ts/config/spelling.ts";
import type { StreamingNodeConfig } from "../../ts/config/types.ts";
import { config } from "./support/samples.ts";

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "headgate-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "query.yaml");
  writeFileSync(path, text);
  return path;
}

function onlyNode({ nodes, issues }: LoadedConfig): unknown {
  expect(issues).toEqual([]);
  expect(nodes).toHaveLength(1);
  return JSON.parse(nodes[0]?.json ?? "");
}

/** Every key there is. */
const full: StreamingNodeConfig = {
  name: "events",
  input: {
    format: "kafka",
    options: { "kafka.bootstrap.servers": "b:9092", subscribe: "e", includeHeaders: true, n: 12 },
    decode: "json",
    parseJson: true,
    tombstones: "keep",
    unknownFields: "extra",
    metadata: false,
    contract: "contracts/sent.yaml",
  },
  transforms: [
    { sql: "SELECT * FROM input" },
    { sql: "SELECT id FROM input WHERE n > 1" },
    { function: "toKm", schema: [{ name: "id", logicalType: "string", physicalName: "Id" }] },
  ],
  contract: { path: "contracts/events.yaml", schema: "events" },
  onViolation: "split",
  enforce: true,
  output: { format: "delta", path: "lake/events", options: { partitionBy: "_ingestion_date" } },
  rejects: { format: "delta", tableName: "events_rejects", warehouse: "lake" },
  deadLetters: { format: "delta", path: "lake/events_dlq" },
  streaming: {
    trigger: { type: "processing_time", interval: "10 seconds" },
    outputMode: "append",
    queryName: "events",
  },
  batch: { maxRows: 5_000_000, maxBytes: "1GiB" },
  memory: { max: 536_870_912 },
  durability: "fsync",
};

const wire = {
  name: "events",
  input: {
    format: "kafka",
    options: {
      "kafka.bootstrap.servers": "b:9092",
      subscribe: "e",
      includeHeaders: "true",
      n: "12",
    },
    decode: "json",
    parse_json: true,
    tombstones: "keep",
    unknown_fields: "extra",
    metadata: false,
    contract: "contracts/sent.yaml",
  },
  transforms: [
    { sql: "SELECT * FROM input" },
    { sql: "SELECT id FROM input WHERE n > 1" },
    { function: "toKm", schema: [{ name: "id", logicalType: "string", physicalName: "Id" }] },
  ],
  contract: { path: "contracts/events.yaml", schema: "events" },
  on_violation: "split",
  enforce: true,
  output: { format: "delta", path: "lake/events", options: { partitionBy: "_ingestion_date" } },
  rejects: { format: "delta", table_name: "events_rejects", warehouse: "lake" },
  dead_letters: { format: "delta", path: "lake/events_dlq" },
  streaming: {
    trigger: { type: "processing_time", interval: "10 seconds" },
    output_mode: "append",
    query_name: "events",
  },
  batch: { max_rows: 5_000_000, max_bytes: "1GiB" },
  memory: { max: 536_870_912 },
  durability: "fsync",
};

test("an object and a file of the same configuration are the same to the engine", async () => {
  expect(onlyNode(await loadConfig(full))).toEqual(wire);
  expect(onlyNode(await loadConfig(file(stringify(wire))))).toEqual(wire);
});

test("relative paths start at the file's folder, or at the working directory", async () => {
  const path = file(stringify(toWire(config)));
  expect((await loadConfig(path)).baseDir).toBe(join(path, ".."));
  expect((await loadConfig(config)).baseDir).toBe(process.cwd());
});

test("records that are made up are configured alike in both forms", async () => {
  const input = { format: "rate", options: { rowsPerSecond: 6, numPartitions: 1 } };
  const expected = { format: "rate", options: { rowsPerSecond: "6", numPartitions: "1" } };
  const given = { ...config, input };
  expect(onlyNode(await loadConfig(given))).toMatchObject({ input: expected });
  expect(onlyNode(await loadConfig(file(stringify(toWire(given)))))).toMatchObject({
    input: expected,
  });
});

test("undefined is absent", async () => {
  const given = { ...config, memory: undefined, batch: { maxRows: undefined } };
  expect(onlyNode(await loadConfig(given))).toEqual({ ...(toWire(config) as object), batch: {} });
});

test("options of a file are taken as they are written", async () => {
  const text = stringify(toWire(config)).replace(
    "subscribe: events",
    "version: 1.10\n    hex: 0x1F\n    flag: true\n    big: 12345678901234567890",
  );
  const options = Reflect.get(onlyNode(await loadConfig(file(text))) as typeof wire, "input");
  expect(options).toMatchObject({
    options: { version: "1.10", hex: "0x1F", flag: "true", big: "12345678901234567890" },
  });
});

test.each([
  ["a path", "contracts/events.yaml"],
  ["the document itself", { apiVersion: "v3.1.0", kind: "DataContract", id: "e", onViolation: 1 }],
])("a contract can be %s, and is passed as it is", async (_, contract) => {
  expect(onlyNode(await loadConfig({ ...config, contract }))).toMatchObject({ contract });
});

test("input and output may leave to a contract where data are", async () => {
  const contract = { path: "contracts/events.yaml", server: "prod" };
  const output = { format: "delta" };
  const node = { name: "events", input: { format: "kafka", decode: "json" as const } };
  const expected = { ...node, contract, output };
  expect(onlyNode(await loadConfig({ ...node, contract, output }))).toEqual(expected);
});

test("rejects can share the dead letters", async () => {
  const node = onlyNode(await loadConfig({ ...config, rejects: "dead_letters" }));
  expect(node).toMatchObject({ rejects: "dead_letters" });
});

test("a file may list queries, each with its name", async () => {
  const queries = [toWire(config), { ...(toWire(config) as object), name: "other" }];
  const { nodes, issues } = await loadConfig(file(stringify({ queries })));
  expect(issues).toEqual([]);
  expect(nodes.map(({ name }) => name)).toEqual(["events", "other"]);
});

test("a file with queries holds nothing else at its top", async () => {
  const path = file(`memory: { max: 1GiB }\n${stringify({ queries: [toWire(config)] })}`);
  const { issues } = await loadConfig(path);
  expect(issues).toMatchObject([
    { field: "memory", code: "CONFIG_UNKNOWN_KEY", position: { file: path, line: 1, column: 1 } },
  ]);
});

test("an issue of the engine is spelled and placed as the user wrote the key", async () => {
  const issue = { code: "CONFIG_VALUE", expected: "skip", actual: "x" };
  const path = ["input", "unknown_fields"];
  const [inObject] = (await loadConfig(full)).nodes;
  expect(inObject?.locate({ ...issue, path })).toMatchObject({ field: "input.unknownFields" });
  const text = stringify({ queries: [wire] });
  const [inFile] = (await loadConfig(file(text))).nodes;
  const line = text.split("\n").findIndex((each) => each.includes("unknown_fields:")) + 1;
  expect(inFile?.locate({ ...issue, path })).toMatchObject({
    field: "queries[0].input.unknown_fields",
    position: { line, column: "      unknown_fields: ".length + 1 },
  });
});

test("an issue of a transform is placed at its statement", async () => {
  const issue = { code: "TRANSFORM_INVALID", expected: "", actual: "" };
  const text = stringify(wire);
  const [node] = (await loadConfig(file(text))).nodes;
  const line = text.split("\n").findIndex((each) => each.includes("WHERE")) + 1;
  expect(node?.locate({ ...issue, path: ["transforms", "1", "sql"] })).toMatchObject({
    field: "transforms[1].sql",
    position: { line, column: "  - sql: ".length + 1 },
  });
});

test("a transform is a SELECT and nothing else", async () => {
  const transforms = [
    { sql: "SELECT 1", when: "always" },
    { sql: 1 },
    {},
    { function: "f" },
  ] as never;
  const { issues } = await loadConfig({ ...full, transforms });
  expect(issues.map(({ field, code }) => [field, code])).toEqual([
    ["transforms[0].when", "CONFIG_UNKNOWN_KEY"],
    ["transforms[1].sql", "CONFIG_TYPE"],
    ["transforms[2].sql", "CONFIG_MISSING"],
    ["transforms[3].schema", "CONFIG_MISSING"],
  ]);
});

test("an issue of the engine about a missing key is placed at what should hold it", async () => {
  const text = stringify(wire);
  const [node] = (await loadConfig(file(text))).nodes;
  const issue = {
    path: ["output", "options", "x"],
    code: "CONFIG_MISSING",
    expected: "",
    actual: "",
  };
  const line = text.split("\n").findIndex((each) => each.startsWith("    partitionBy")) + 1;
  expect(node?.locate(issue).position?.line).toBe(line - 1);
});

test("the names of options and of an inline contract keep their spelling", async () => {
  const [node] = (await loadConfig(full)).nodes;
  const issue = { code: "CONFIG_OPTION", expected: "", actual: "" };
  const path = ["input", "options", "some_option.with_dots"];
  expect(node?.locate({ ...issue, path }).field).toBe("input.options.some_option.with_dots");
});
