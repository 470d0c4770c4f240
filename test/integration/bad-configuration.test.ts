import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StreamingFormatNotSupportedError, type StreamingNodeConfig } from "headgate";
import { expect, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { splitEvents, temporaryFolder, temporaryLake } from "../support/query.ts";
import { expectRefusal, expectRefusedEarly, type Refusal, refusalOf } from "../support/refusal.ts";

// Nothing listens there: what is refused before a connection needs no broker.
const NOWHERE = "127.0.0.1:1";
type Change = (config: StreamingNodeConfig) => unknown;

const options =
  (change: Record<string, unknown>): Change =>
  (config) => ({
    ...config,
    input: { ...config.input, options: { ...config.input.options, ...change } },
  });

const without =
  (name: string): Change =>
  (config) => {
    const { [name]: _, ...rest } = config.input.options as Record<string, string>;
    return { ...config, input: { ...config.input, options: rest } };
  };

const trigger =
  (interval: string): Change =>
  (config) => ({
    ...config,
    streaming: { trigger: { type: "processing_time", interval } },
  });

const refused: [string, Change, Refusal][] = [
  [
    "an unknown key",
    (config) => ({ ...config, ouput: {} }),
    { code: "CONFIG_UNKNOWN_KEY", field: "ouput", expected: /output/ },
  ],
  [
    "an unknown key deep inside",
    (config) => ({ ...config, input: { ...config.input, tombstone: "skip" } }),
    { code: "CONFIG_UNKNOWN_KEY", field: "input.tombstone", expected: /tombstones/ },
  ],
  [
    "a sink with the name of another table",
    (config) => ({ ...config, sinks: { rejects: { format: "delta", path: "q" } } }),
    { code: "CONFIG_VALUE", field: "sinks", actual: /rejects/, expected: /none of output/ },
  ],
  [
    "a sink in the output's folder",
    ({ output, ...rest }) => ({ ...rest, output, sinks: { odd_ones: output } }),
    { code: "CONFIG_CONFLICT", field: "sinks.odd_ones.path", expected: /apart from output/ },
  ],
  [
    "a contract of rejects for a column that they have not",
    (config) => ({
      ...config,
      rejectsContract: contractDocument("rejects", {
        properties: [{ name: "reason", logicalType: "string" }],
      }),
    }),
    { code: "CONFIG_CONFLICT", field: "rejectsContract", actual: /no such column/ },
  ],
  [
    "an unknown option",
    options({ startingOffset: "earliest" }),
    { code: /CONFIG/, field: "input.options.startingOffset" },
  ],
  [
    "no broker address",
    without("kafka.bootstrap.servers"),
    { code: /CONFIG/, field: "input.options.kafka.bootstrap.servers", expected: /host/ },
  ],
  ["no subscription", without("subscribe"), { code: /CONFIG/, field: /input\.options/ }],
  [
    "two subscriptions",
    options({ subscribePattern: "events-.*" }),
    { code: /CONFIG/, field: /input\.options/, expected: /one of/ },
  ],
  [
    "starting offsets that are no JSON",
    options({ startingOffsets: "yesterday" }),
    { code: /CONFIG/, field: "input.options.startingOffsets", actual: /yesterday/ },
  ],
  [
    "the same path for two tables",
    (config) => ({ ...config, rejects: config.output }),
    { code: /CONFIG/, field: /rejects|output/ },
  ],
  [
    "a path that differs in its spelling only",
    (config) => ({
      ...config,
      deadLetters: { ...config.deadLetters, path: `${config.output.path}/../events/` },
    }),
    { code: /CONFIG/, field: /deadLetters|output/ },
  ],
  [
    "both onViolation and enforce",
    (config) => ({ ...config, enforce: true }),
    { code: /CONFIG/, field: /enforce|onViolation/ },
  ],
  [
    "a contract that is not there",
    (config) => ({ ...config, contract: "/nowhere/events.odcs.yaml" }),
    { code: /CON/, field: /contract/ },
  ],
  ["an interval of 0 seconds", trigger("0 seconds"), { code: /CONFIG/, field: /interval/ }],
  ["a negative interval", trigger("-5 seconds"), { code: /CONFIG/, field: /interval/ }],
  ["an interval of 400 days", trigger("400 days"), { code: /CONFIG/, field: /interval/ }],
  ["an interval without a unit", trigger("10"), { code: /CONFIG/, field: /interval/ }],
];

test.each(refused)("%s is refused before any table exists", async (_, change, refusal) => {
  const config = splitEvents(NOWHERE, "events", await temporaryLake());
  await expectRefusedEarly(change(config) as StreamingNodeConfig, refusal);
});

test.each([
  ["input", "kafkaa"],
  ["output", "iceberg"],
] as const)("an unknown format of %s is an error of its own class", async (key, format) => {
  const config = splitEvents(NOWHERE, "events", await temporaryLake());
  const error = await refusalOf({ ...config, [key]: { ...config[key], format } });
  expect(StreamingFormatNotSupportedError.is(error)).toBe(true);
  expect(error).toMatchObject({
    context: {
      field: `${key}.format`,
      expected: expect.stringMatching(/kafka|delta/),
      actual: expect.stringContaining(format),
    },
  });
});

/** JSON is YAML, too. */
const contractOf = (property: object) =>
  JSON.stringify(contractDocument("events", { properties: [property] }));

const contracts: [string, string, RegExp][] = [
  ["that does not parse", "schema: [", /./],
  ["that is no contract", "hello: world", /apiVersion|kind|schema|id/],
  [
    "with a type that nobody knows",
    contractOf({ name: "a", logicalType: "quaternion" }),
    /quaternion/,
  ],
  [
    "with a pattern that cannot be compiled",
    contractOf({ name: "a", logicalType: "string", logicalTypeOptions: { pattern: "(" } }),
    /pattern/,
  ],
];

test.each(contracts)(
  "a contract %s is refused, and the error says where",
  async (_, text, told) => {
    const path = join(await temporaryFolder(), "broken.odcs.yaml");
    await writeFile(path, text);
    const config = { ...splitEvents(NOWHERE, "events", await temporaryLake()), contract: path };
    const error = await refusalOf(config);
    expectRefusal(error, { code: /CONTRACT/, field: /contract/, hasMore: true });
    expect(JSON.stringify(error)).toMatch(told);
  },
);

test.each(["_kafka_offset", "_Violations"])(
  "a contract with a column %s is refused early",
  async (name) => {
    const contract = contractDocument("events", { properties: [{ name, logicalType: "integer" }] });
    const config = { ...splitEvents(NOWHERE, "events", await temporaryLake()), contract };
    const refusal = { code: "CONFIG_CONFLICT", field: "contract", expected: /own columns/ };
    await expectRefusedEarly(config, { ...refusal, actual: new RegExp(name, "i") });
  },
);

test("a YAML file and an object are refused with the same issue, the file with line and column", async () => {
  const lake = await temporaryLake();
  const path = join(await temporaryFolder(), "events.yaml");
  await writeFile(
    path,
    `name: events\ninput:\n  format: kafka\n  tombstone: skip\noutput: { format: delta, path: ${lake.output} }\n`,
  );
  const config = {
    name: "events",
    input: { format: "kafka", tombstone: "skip" },
    output: { format: "delta", path: lake.output },
  };
  const [fromFile, fromObject] = await Promise.all([refusalOf(path), refusalOf(config)]);
  const { position, ...issue } = (fromFile as { issues: { position: object }[] }).issues[0] ?? {};
  expect(position).toMatchObject({ line: 4, column: 3 });
  expect((fromObject as { issues: object[] }).issues[0]).toMatchObject({
    code: (issue as { code: string }).code,
    field: (issue as { field: string }).field,
    actual: (issue as { actual: string }).actual,
  });
});
