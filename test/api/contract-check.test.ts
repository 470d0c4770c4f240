import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { checkContract } from "../../ts/contract/check.ts";
import { contractText } from "../support/contract-document.ts";
import { headgate } from "./support/command-line.ts";

// On the addon: what it refuses and what the standard refuses have to meet.
vi.setConfig({ testTimeout: 60_000 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-contract-check-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pings = contractText(
  "pings",
  `x-team: lake
schema:
  - name: pings
    properties:
      - name: speed
        logicalType: number
        required: true
        description: In km/h.
        quality:
          - type: custom
            engine: soda
            implementation: x
`,
);

async function written(text: string): Promise<string> {
  const path = join(folder, "pings.odcs.yaml");
  await writeFile(path, text);
  return path;
}

test("every rule says at its line whether it is enforced, and why not", async () => {
  const report = await checkContract(await written(pings));
  expect(report.ok).toBe(true);
  expect(report.contract).toMatchObject({ id: "pings", version: "1.0.0" });
  const said = report.rules.map(({ line, path, status }) => [line, path, status]);
  expect(said).toContainEqual([12, "schema[0].properties[0].required", "enforced"]);
  expect(said).toContainEqual([15, "schema[0].properties[0].quality[0]", "not_enforceable"]);
  for (const { status, reason } of report.rules) {
    if (status === "not_enforceable") expect(reason).toMatch(/./);
  }
});

test("what only the standard refuses is a warning at line and column, and the contract usable", async () => {
  const { ok, errors, warnings } = await checkContract(
    await written(pings.replace("description", "descripton")),
  );
  expect({ ok, errors }).toEqual({ ok: true, errors: [] });
  expect(warnings.map(({ path, line, column }) => [path, line, column])).toEqual([
    ["x-team", 6, 1],
    ["schema[0].properties[0].descripton", 13, 9],
  ]);
  expect(warnings[1]?.suggestion).toBe('did you mean "description"?');
});

test("what the engine refuses, too, is one error, with the suggestion of the standard", async () => {
  const { ok, errors, warnings } = await checkContract(
    await written(pings.replace("logicalType: number", "logicalType: numbre")),
  );
  expect(ok).toBe(false);
  expect(errors).toMatchObject([
    {
      path: "schema[0].properties[0].logicalType",
      suggestion: 'did you mean "number"?',
      ...{ line: 11, column: 22 },
    },
  ]);
  expect(warnings.map(({ path }) => path)).toEqual(["x-team"]);
});

test("what is no YAML is an error at its line", async () => {
  const { ok, rules, errors, warnings } = await checkContract(await written(`${pings}\n  - [`));
  expect({ ok, rules, warnings }).toEqual({ ok: false, rules: [], warnings: [] });
  expect(errors).toHaveLength(1);
  expect(errors[0]?.line).toBeGreaterThan(17);
});

test("a document given as an object has no lines", async () => {
  const { ok, rules, warnings } = await checkContract(parse(pings));
  expect(ok).toBe(true);
  expect(rules.length).toBeGreaterThan(0);
  for (const each of [...rules, ...warnings]) expect(each).not.toHaveProperty("line");
  expect(warnings).toMatchObject([{ path: "x-team" }]);
});

test("of several schema objects all are checked, or the one that is named", async () => {
  const trips = "  - name: trips\n    properties: [{ name: id, logicalType: string }]\n";
  const both = await written(`${pings}${trips}`);
  const paths = async (schema?: string) =>
    (await checkContract(both, { schema })).rules.map(({ path }) => path);
  const [all, one] = [await paths(), await paths("trips")];
  expect(all).toContain("schema[0].properties[0].required");
  expect(all).toContain("schema[1].properties[0].logicalType");
  expect(one).toContain("schema[1].properties[0].logicalType");
  expect(one).not.toContain("schema[0].properties[0].required");
  const { ok, errors } = await checkContract(both, { schema: "rides" });
  expect(ok).toBe(false);
  expect(errors[0]?.path).toBe("schema");
});

test("a file that is not there is thrown", async () => {
  await expect(checkContract(join(folder, "none.yaml"))).rejects.toMatchObject({
    name: "StreamingValidationError",
    code: "CONTRACT_UNREADABLE",
  });
});

const official = "crates/contract/tests/odcs";
const examples = readdirSync(official).filter((name) => name.endsWith(".odcs.yaml"));

test.each(examples)("every rule of the official %s is accounted for", async (name) => {
  const path = join(official, name);
  const report = await checkContract(path);
  const lines = readFileSync(path, "utf8").split("\n").length;
  for (const { status, reason, line } of report.rules) {
    if (status !== "enforced") expect(reason).toMatch(/./);
    expect(line).toBeGreaterThan(0);
    expect(line).toBeLessThanOrEqual(lines);
  }
  for (const { line } of [...report.errors, ...report.warnings]) expect(line).toBeGreaterThan(0);
});

test("the command prints findings, rules and what follows, and ends with 0 or 1", async () => {
  const usable = await headgate("contract", "check", await written(pings));
  expect(usable.status).toBe(0);
  expect(usable.stdout).toMatch(
    /warning \S+pings\.odcs\.yaml:6:1 x-team\n {2}expected +one of ver/,
  );
  expect(usable.stdout).toMatch(/2 enforced, 2 not enforceable here, \d informational/);
  expect(usable.stdout).toMatch(/│ 12 .* required_speed +│ enforced/);
  expect(usable.stdout).toMatch(/pings\.odcs\.yaml can be used, 1 warning\n$/);
  const broken = await written(pings.replace("number", "numbre"));
  const unusable = await headgate("contract", "check", broken);
  expect(unusable.status).toBe(1);
  expect(unusable.stdout).toMatch(/error \S+:11:22 schema\[0\]\.properties\[0\]\.logicalType\n/);
  expect(unusable.stdout).toMatch(/to do +did you mean "number"\?/);
  expect(unusable.stdout).toMatch(/cannot be used: 1 error, 1 warning\n$/);
});

test("the command in JSON is one line with rules, errors and warnings", async () => {
  const { stdout } = await headgate("contract", "check", await written(pings), "--json");
  const { rules, ...said } = JSON.parse(stdout);
  expect(said).toMatchObject({
    event: "contract_check",
    contract: { id: "pings" },
    errors: [],
    warnings: [{ path: "x-team", line: 6, column: 1, actual: '"x-team"' }],
  });
  expect(rules).toContainEqual({
    path: "schema[0].properties[0].required",
    rule: "required_speed",
    status: "enforced",
    line: 12,
    column: "speed",
  });
});
