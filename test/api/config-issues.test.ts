import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../ts/config/load.ts";
import type { StreamingNodeConfig } from "../../ts/config/types.ts";

// Each wrong configuration as an object and as a file: the same findings, but for the spelling.
interface Wrong {
  object: object;
  yaml: string;
  /** Field (as in the object, as in the file), code, expected, actual, advice, line:column. */
  issues: {
    field: string;
    inYaml?: string;
    code: string;
    expected: string | RegExp;
    actual: string;
    details?: string;
    at: string;
  }[];
}

const io = "input: { format: kafka }\noutput: { format: delta, path: lake }\n";
const valid = { name: "e", input: { format: "kafka" }, output: { format: "delta", path: "lake" } };

const wrong: Record<string, Wrong> = {
  "an unknown key at the top": {
    object: { ...valid, ouput: 1 },
    yaml: `name: e\n${io}ouput: 1\n`,
    issues: [
      {
        ...{ field: "ouput", code: "CONFIG_UNKNOWN_KEY", expected: /^one of name, input, / },
        ...{ actual: '"ouput"', details: 'did you mean "output"?', at: "4:1" },
      },
    ],
  },
  "a known key in the other spelling": {
    object: { ...valid, on_violation: "split" },
    yaml: `name: e\n${io}onViolation: split\n`,
    issues: [
      {
        ...{ field: "on_violation", inYaml: "onViolation", code: "CONFIG_UNKNOWN_KEY" },
        ...{ expected: /^one of /, actual: '"on_violation"' },
        ...{ details: 'did you mean "onViolation"?', at: "4:1" },
      },
    ],
  },
  "a key that is not built yet": {
    object: { ...valid, joins: [] },
    yaml: `name: e\n${io}joins: []\n`,
    issues: [
      {
        ...{ field: "joins", code: "CONFIG_UNKNOWN_KEY", expected: /^one of / },
        ...{ actual: '"joins"', at: "4:1" },
      },
    ],
  },
  "an unknown key deep inside": {
    object: { ...valid, streaming: { trigger: { type: "once", every: 1 } } },
    yaml: `name: e\n${io}streaming:\n  trigger: { type: once, every: 1 }\n`,
    issues: [
      {
        ...{ field: "streaming.trigger.every", code: "CONFIG_UNKNOWN_KEY" },
        ...{ expected: "one of type, interval", actual: '"every"', at: "5:26" },
      },
    ],
  },
  "a missing key": {
    object: { input: valid.input, output: { format: "delta" }, batch: {} },
    yaml: "input: { format: kafka }\noutput: { format: delta }\nbatch: {}\n",
    issues: [
      { field: "name", code: "CONFIG_MISSING", expected: "string", actual: "nothing", at: "1:1" },
    ],
  },
  "a missing table": {
    object: { name: "e", input: valid.input },
    yaml: "name: e\ninput: { format: kafka }\n",
    issues: [
      { field: "output", code: "CONFIG_MISSING", expected: "object", actual: "nothing", at: "1:1" },
    ],
  },
  "values of wrong types": {
    object: { ...valid, name: 7, deadLetters: [], batch: { maxRows: 1.5, maxBytes: true } },
    yaml: `name: 7\n${io}dead_letters: []\nbatch:\n  max_rows: 1.5\n  max_bytes: true\n`,
    issues: [
      { field: "name", code: "CONFIG_TYPE", expected: "string", actual: "7", at: "1:7" },
      {
        ...{ field: "deadLetters", inYaml: "dead_letters", code: "CONFIG_TYPE" },
        ...{ expected: "object", actual: "array", at: "4:15" },
      },
      {
        ...{ field: "batch.maxRows", inYaml: "batch.max_rows", code: "CONFIG_TYPE" },
        ...{ expected: "integer", actual: "1.5", at: "6:13" },
      },
      {
        ...{ field: "batch.maxBytes", inYaml: "batch.max_bytes", code: "CONFIG_TYPE" },
        ...{ expected: "number or string", actual: "true", at: "7:14" },
      },
    ],
  },
  "a value outside its enumeration": {
    object: { ...valid, onViolation: "drop" },
    yaml: `name: e\n${io}on_violation: drop\n`,
    issues: [
      {
        ...{ field: "onViolation", inYaml: "on_violation", code: "CONFIG_VALUE" },
        ...{ expected: '"block" or "split" or "allow" or "flag"', actual: '"drop"', at: "4:15" },
      },
    ],
  },
  "an option that is no scalar, whose value is not told": {
    object: { ...valid, input: { format: "kafka", options: { password: ["secret"] } } },
    yaml: "name: e\ninput:\n  format: kafka\n  options:\n    password: [secret]\noutput: { format: delta }\n",
    issues: [
      {
        ...{ field: "input.options.password", code: "CONFIG_TYPE" },
        ...{ expected: "string or number or boolean", actual: "array", at: "5:15" },
      },
    ],
  },
  "a word that rejects cannot be": {
    object: { ...valid, rejects: "trash" },
    yaml: `name: e\n${io}rejects: trash\n`,
    issues: [
      {
        ...{ field: "rejects", code: "CONFIG_VALUE" },
        ...{ expected: '"dead_letters" or object', actual: '"trash"', at: "4:10" },
      },
    ],
  },
  "a contract for rejects, which is not built yet": {
    object: { ...valid, rejects: { format: "delta", contract: "c" } },
    yaml: `name: e\n${io}rejects: { format: delta, contract: c }\n`,
    issues: [
      {
        ...{ field: "rejects.contract", code: "CONFIG_UNKNOWN_KEY" },
        ...{ expected: /^one of format, path, /, actual: '"contract"', at: "4:27" },
      },
    ],
  },
  "a contract reference with a typo": {
    object: { ...valid, contract: { path: "c", shema: "x" } },
    yaml: `name: e\n${io}contract: { path: c, shema: x }\n`,
    issues: [
      {
        ...{ field: "contract.shema", code: "CONFIG_UNKNOWN_KEY" },
        ...{ expected: "one of path, schema, server", actual: '"shema"' },
        ...{ details: 'did you mean "schema"?', at: "4:22" },
      },
    ],
  },
  "a server of a shadow contract, which supplies nothing": {
    object: { ...valid, shadowContract: { path: "c", server: "prod" } },
    yaml: `name: e\n${io}shadow_contract: { path: c, server: prod }\n`,
    issues: [
      {
        ...{ field: "shadowContract.server", inYaml: "shadow_contract.server" },
        ...{ code: "CONFIG_UNKNOWN_KEY", expected: "one of path, schema" },
        ...{ actual: '"server"', at: "4:29" },
      },
    ],
  },
  "a server that is no text": {
    object: { ...valid, contract: { path: "c", server: 7 } },
    yaml: `name: e\n${io}contract: { path: c, server: 7 }\n`,
    issues: [
      {
        ...{ field: "contract.server", code: "CONFIG_TYPE" },
        ...{ expected: "string", actual: "7", at: "4:30" },
      },
    ],
  },
  "no mapping at all": {
    object: [],
    yaml: "- a\n",
    issues: [{ field: "", code: "CONFIG_TYPE", expected: "object", actual: "array", at: "1:1" }],
  },
};

test.each(Object.entries(wrong))("%s", async (_, { object, yaml, issues }) => {
  const inObject = await loadConfig(object as StreamingNodeConfig);
  expect(inObject.nodes).toEqual([]);
  expect(inObject.issues).toHaveLength(issues.length);
  const folder = mkdtempSync(join(tmpdir(), "headgate-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "query.yaml");
  writeFileSync(file, yaml);
  const inFile = await loadConfig(file);
  expect(inFile.issues).toHaveLength(issues.length);
  for (const [index, { inYaml, at, expected, ...said }] of issues.entries()) {
    const [fromObject, fromFile] = [inObject.issues[index], inFile.issues[index]];
    expect(fromObject).toMatchObject(said);
    expect(fromObject?.position).toBeUndefined();
    expect(fromObject?.expected).toMatch(expected);
    expect(fromFile).toMatchObject({ code: said.code, field: inYaml ?? said.field });
    expect(fromFile?.expected).toMatch(expected);
    const { line, column } = fromFile?.position ?? {};
    expect(`${line}:${column}`).toBe(at);
    expect(fromFile?.position?.file).toBe(file);
  }
});

test("every issue of a file is told, not the first", async () => {
  const { issues } = await loadConfig({ ...valid, nmae: 1, batch: { rows: 1 } } as never);
  expect(issues.map(({ field }) => field).sort()).toEqual(["batch.rows", "nmae"]);
});

test("two queries of one name in a file are refused at the second", async () => {
  const folder = mkdtempSync(join(tmpdir(), "headgate-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "queries.yaml");
  const query = (name: string) => `  - name: ${name}\n    ${io.trim().replace("\n", "\n    ")}\n`;
  writeFileSync(file, `queries:\n${["e", "f", "e"].map(query).join("")}`);
  const { issues } = await loadConfig(file);
  expect(issues).toMatchObject([
    { code: "CONFIG_CONFLICT", field: "queries[2].name", actual: '"e"', position: { line: 8 } },
  ]);
});

test.each([
  ["YAML that does not parse", "name: [e\n", "CONFIG_SYNTAX"],
  ["a key given twice", "name: e\nname: f\n", "CONFIG_SYNTAX"],
])("%s is an issue with its place", async (_, text, code) => {
  const folder = mkdtempSync(join(tmpdir(), "headgate-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "query.yaml");
  writeFileSync(file, text);
  const { issues } = await loadConfig(file);
  expect(issues[0]).toMatchObject({ code, position: { file, line: 2 } });
});

test("a file that is not there is an issue", async () => {
  const { issues } = await loadConfig("/nowhere/query.yaml");
  expect(issues).toMatchObject([
    { code: "CONFIG_UNREADABLE", actual: expect.stringMatching(/ENOENT/) },
  ]);
});
