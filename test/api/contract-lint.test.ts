import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { parse } from "yaml";
import { pathText } from "../../ts/config/spelling.ts";
import { lint } from "../../ts/contract/lint.ts";
import { contractDocument } from "../support/contract-document.ts";

// The first test of each version compiles its schema.
vi.setConfig({ testTimeout: 60_000 });

const folder = "crates/contract/tests/odcs";
const examples = readdirSync(folder).filter((name) => name.endsWith(".odcs.yaml"));
const newer = "v3.1 of the standard allows it: raise apiVersion";
const oldTypes = 'one of "string", "date", "number", "integer", "object", "array", "boolean"';

/** Official examples that their own JSON schema refuses: they say v3.0.2 and are written in v3.1. */
const written: Record<string, [path: string, expected: string, actual: string][]> = {
  "all-data-types.odcs.yaml": [
    // Flags in v3.0, bounds since v3.1.
    [
      "schema[0].properties[1].logicalTypeOptions.exclusiveMinimum",
      "true or false",
      '"2020-01-01"',
    ],
    ["schema[0].properties[2].logicalType", oldTypes, '"timestamp"'],
    ["schema[0].properties[3].logicalType", oldTypes, '"timestamp"'],
    ["schema[0].properties[4].logicalType", oldTypes, '"time"'],
    ["schema[0].properties[6].logicalTypeOptions.exclusiveMaximum", "true or false", "100"],
  ],
  // A list of members in v3.0.
  "basic-four-dpo.odcs.yaml": [["team", "a list", "object"]],
  // `metric` was called `rule` in v3.0.
  "column-completeness.odcs.yaml": [["schema[0].properties[0].quality[0].rule", "text", "nothing"]],
};

test.each(examples)("the standard refuses nothing of %s but what is wrong", (name) => {
  const found = lint(parse(readFileSync(join(folder, name), "utf8")));
  const told = found.map(({ path, expected, actual }) => [pathText(path), expected, actual]);
  expect(told).toEqual(written[name] ?? []);
  for (const { suggestion } of found) expect(suggestion).toBe(newer);
});

/** A contract with one property, changed. */
function contract(change: object, property: object = {}): object {
  const properties = [{ name: "speed", logicalType: "number", ...property }];
  return contractDocument("pings", { properties }, change);
}

function told(document: object): string[] {
  return lint(document).map(({ path, expected, actual, suggestion }) =>
    [pathText(path), expected, actual, suggestion ?? "-"].join(" | "),
  );
}

test("a contract of the standard has no finding", () => {
  expect(told(contract({}))).toEqual([]);
});

test("an unknown key is one finding at its place, with the key that was meant", () => {
  const [root, more] = told(contract({ tennant: "a" }));
  expect(root).toMatch(/^tennant \| one of version, .* \| "tennant" \| did you mean "tenant"\?$/);
  expect(more).toBeUndefined();
  const [deep, others] = told(contract({}, { reqiured: true }));
  expect(deep).toMatch(/^schema\[0\]\.properties\[0\]\.reqiured .* did you mean "required"\?$/);
  expect(others).toBeUndefined();
});

test("a wrong value is told without the keys that it leaves unevaluated", () => {
  expect(told(contract({}, { required: "yes", quality: [{ type: "text", tags: 1 }] }))).toEqual([
    'schema[0].properties[0].required | true or false | "yes" | -',
    "schema[0].properties[0].quality[0].tags | a list | 1 | -",
  ]);
});

test("an enumeration names its values and the one that was meant", () => {
  const [only] = told(contract({}, { logicalType: "strng" }));
  expect(only).toMatch(/logicalType \| one of "string", .* \| "strng" \| did you mean "string"\?/);
});

test("options of another type name those of this one", () => {
  expect(told(contract({}, { logicalTypeOptions: { maxLength: 3 } }))).toEqual([
    'schema[0].properties[0].logicalTypeOptions.maxLength | one of multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum, format | "maxLength" | -',
  ]);
});

const metric = { metric: "nullValues" };

test.each([
  ["none", metric],
  ["mustBe and mustBeLessThan", { ...metric, mustBe: 0, mustBeLessThan: 2 }],
])("of operators, %s is told once", (actual, rule) => {
  const [only, ...more] = told(contract({}, { quality: [rule] }));
  expect(only).toMatch(
    new RegExp(
      `^schema\\[0\\]\\.properties\\[0\\]\\.quality\\[0\\] \\| exactly one of .* \\| ${actual} \\| -$`,
    ),
  );
  expect(more).toEqual([]);
});

test("of the operator that was meant it is told what is wrong", () => {
  expect(told(contract({}, { quality: [{ ...metric, mustBeBetween: [1, "2"] }] }))).toEqual([
    'schema[0].properties[0].quality[0].mustBeBetween[1] | a number | "2" | -',
  ]);
});

test("a value that fits none of several types names them all", () => {
  const custom = { type: "custom", engine: "soda", implementation: 7 };
  expect(told(contract({}, { quality: [custom] }))).toEqual([
    "schema[0].properties[0].quality[0].implementation | text or an object | 7 | -",
  ]);
});

test("of several forms the one that was meant is followed", () => {
  expect(told(contract({ team: { name: "a", membres: [] } }))).toEqual([
    'team.membres | one of id, name, description, members, tags, customProperties, authoritativeDefinitions | "membres" | did you mean "members"?',
  ]);
  expect(told(contract({ team: "us" }))).toEqual(['team | an object or a list | "us" | -']);
});

test("a key beside those that it does not go with is told", () => {
  expect(told(contract({}, { quality: [{ type: "text", query: "select 1" }] }))).toEqual([
    'schema[0].properties[0].quality[0].query | no "query" beside the other keys | "query" | -',
  ]);
});

test("what is missing is told where it belongs", () => {
  expect(told(contract({ schema: [{}] }))).toEqual(["schema[0].name | text | nothing | -"]);
  const { id, ...rest } = contract({}) as Record<string, unknown>;
  expect(told(rest)).toEqual(["id | text | nothing | -"]);
});

test.each([
  ["3.1.0", /apiVersion \| one of "v3.1.0", .* \| "3.1.0" \| did you mean "v3.1.0"\?/],
  ["v3.0.9", /apiVersion \| one of "v3.0.2", .* \| "v3.0.9"/],
  [4, /apiVersion \| one of "v3.1.0", .* \| 4 /],
])("apiVersion %s is held against its own version, or the newest", (apiVersion, expected) => {
  expect(told(contract({ apiVersion }))).toEqual([expect.stringMatching(expected)]);
});

test("v3.2 has what v3.1 has not", () => {
  const property = { enum: [{ value: 1 }] };
  expect(told(contract({ apiVersion: "v3.2.0" }, property))).toEqual([]);
  expect(told(contract({}, property))).toHaveLength(1);
});

test("what is no contract at all is one finding", () => {
  expect(lint([1])).toEqual([{ path: [], of: "value", expected: "an object", actual: "array" }]);
  expect(lint(null)).toMatchObject([{ path: [], actual: "null" }]);
});
