import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { junitReport } from "../../ts/cli/junit.ts";
import { type ContractTestReport, testContract } from "../../ts/contract/test.ts";
import { contractText } from "../support/contract-document.ts";
import { headgate } from "./support/command-line.ts";

// On the addon: the rules are its own.
vi.setConfig({ testTimeout: 60_000 });
let folder: string;
let contract: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-contract-test-"));
  contract = await written("pings.odcs.yaml", pings);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pings = contractText(
  "pings",
  `schema:
  - name: pings
    properties:
      - { name: id, logicalType: string, required: true, unique: true }
      - name: speed
        logicalType: number
        logicalTypeOptions: { minimum: 0 }
        quality:
          - { metric: nullValues, mustBeLessThan: 1, severity: warning }
          - { type: custom, engine: soda, implementation: x }
`,
);

async function written(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function lines(...records: (object | string)[]): Promise<string> {
  const text = records.map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
  return written("pings.jsonl", `${text.join("\n")}\n`);
}

const held = () => lines({ id: "a", speed: 1 }, { id: "b", speed: 0 });
const broken = () =>
  lines({ id: "a", speed: 1 }, { id: "a", speed: -1 }, "no JSON", { speed: -2 }, { id: "e" });

test("data that holds is told with what was not enforced", async () => {
  const report = await testContract(contract, await held());
  expect(report).toMatchObject({
    ...{ ok: true, status: "ok", format: "json", rows: 2, violatingRows: 0 },
    ...{ contract: { id: "pings" }, undecodable: { count: 0, samples: [] } },
    notEnforced: [{ path: "schema[0].properties[1].quality[1]", line: 15 }],
  });
  for (const { violations } of report.rules) expect(violations).toBe(0);
});

test("each rule has its violations and the lines of the first", async () => {
  const report = await testContract(contract, await broken(), { samples: 1 });
  expect(report).toMatchObject({
    ...{ ok: false, status: "block", rows: 4, violatingRows: 2 },
    undecodable: { count: 1, samples: [{ line: 3, kind: "JSON_PARSE_ERROR" }] },
  });
  const rules = Object.fromEntries(report.rules.map((rule) => [rule.rule, rule]));
  expect(rules.minimum_speed).toMatchObject({ column: "speed", violations: 2, rows: [2] });
  expect(rules.required_id).toMatchObject({ severity: "block", violations: 1, rows: [4] });
  expect(rules.unique_id).toMatchObject({ violations: 1, rows: [2] });
  expect(rules.null_values_speed).toMatchObject({ severity: "warn", violations: 1, measured: 1 });
});

test("a warning alone leaves the data usable", async () => {
  const data = await lines({ id: "a" });
  expect(await testContract(contract, data)).toMatchObject({ ok: true, status: "warn" });
  expect((await headgate("contract", "test", contract, data)).status).toBe(0);
});

test("a Delta table is read by its log", async () => {
  const log = join(folder, "lake", "_delta_log");
  await mkdir(log, { recursive: true });
  const fields = [{ name: "id", type: "string", nullable: true, metadata: {} }];
  const actions = [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        ...{ id: "5fba94ed-9794-4965-ba6e-6ee3c0d22af9", partitionColumns: [], configuration: {} },
        ...{ format: { provider: "parquet", options: {} }, createdTime: 0 },
        schemaString: JSON.stringify({ type: "struct", fields }),
      },
    },
  ];
  const text = actions.map((action) => `${JSON.stringify(action)}\n`).join("");
  await writeFile(join(log, `${"0".repeat(20)}.json`), text);
  const report = await testContract(contract, join(folder, "lake"));
  expect(report).toMatchObject({ format: "delta", ok: true, status: "idle", rows: 0 });
});

test("a contract that cannot be used is thrown with the place of each issue", async () => {
  const wrong = await written("wrong.odcs.yaml", pings.replace("number", "numbre"));
  await expect(testContract(wrong, await held())).rejects.toMatchObject({
    name: "StreamingValidationError",
    code: "CONTRACT_INVALID",
    issues: [
      {
        field: "schema[0].properties[1].logicalType",
        details: 'did you mean "number"?',
        position: { file: wrong, line: 11, column: 22 },
      },
    ],
  });
});

test("data that cannot be read is thrown", async () => {
  await expect(testContract(contract, join(folder, "none.jsonl"))).rejects.toMatchObject({
    name: "StreamingValidationError",
    code: "CONTRACT_TEST_DATA",
  });
});

test("the command prints a table and ends with status 1 for what would block", async () => {
  const { status, stdout } = await headgate("contract", "test", contract, await broken());
  expect(status).toBe(1);
  expect(stdout).toMatch(/│ minimum_speed +│ speed +│ block +│ 2 +│ +│ 2, 4 +│/);
  expect(stdout).toMatch(/│ null_values_speed +│ speed +│ warn +│ 1 +│ 1 +│ +│/);
  expect(stdout).toContain("line 3: JSON_PARSE_ERROR");
  expect(stdout).toMatch(/custom_speed at schema\[0\]\S+ \(line 15\): \S/);
  expect(stdout).toMatch(/4 rows, 2 with violations, 1 undecodable record: does not hold\n$/);
  const fine = await headgate("contract", "test", contract, await held(), "--json");
  expect(fine.status).toBe(0);
  expect(JSON.parse(fine.stdout)).toMatchObject({ event: "contract_test", ok: true, rows: 2 });
});

test("an undecodable record alone ends with status 1", async () => {
  const { status } = await headgate("contract", "test", contract, await lines("[]"));
  expect(status).toBe(1);
});

test("the JUnit report has a case a rule: failed, passed or skipped", async () => {
  const junit = join(folder, "junit.xml");
  await headgate("contract", "test", contract, await broken(), "--junit", junit);
  const xml = await readFile(junit, "utf8");
  expect(xml).toMatch(
    /<testsuite name="pings 1.0.0: \S+" tests="8" failures="4" errors="0" skipped="1">/,
  );
  expect(xml).toMatch(
    /<testcase name="every record can be decoded" classname="pings">\s+<failure /,
  );
  expect(xml).toMatch(
    /name="minimum_speed" [^>]+>\s+<failure message="2 violations, first at 2, 4"/,
  );
  expect(xml).toMatch(/name="type_speed" classname="pings"\/>/);
  expect(xml).toMatch(/name="null_values_speed" [^>]+>\s+<system-out>1 violation, measured 1</);
  expect(xml).toMatch(/name="custom_speed" [^>]+>\s+<skipped message="/);
});

test("a JUnit report that has no folder is refused before the data is read", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const junit = ["--junit", join(folder, "none", "junit.xml")];
  await expect(headgate("contract", "test", contract, "none", ...junit)).rejects.toMatchObject({
    code: "commander.invalidArgument",
  });
  said.mockRestore();
});

test("names and messages are escaped in the JUnit report", () => {
  const report: ContractTestReport = {
    ...{ ok: false, source: 'a"b<c>&\u0001.jsonl', format: "json", rows: 1, violatingRows: 0 },
    ...{ contract: { id: "it's", version: "1", hash: "" }, status: "block", rules: [] },
    undecodable: { count: 1, samples: [{ line: 1, kind: "JSON_PARSE_ERROR", message: "]]><x/>" }] },
    notEnforced: [{ path: "a", rule: "r&d", reason: "no <sql>" }],
  };
  expect(junitReport(report)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="it&apos;s 1: a&quot;b&lt;c&gt;&amp;\uFFFD.jsonl" tests="2" failures="1" errors="0" skipped="1">
    <testcase name="every record can be decoded" classname="it&apos;s">
      <failure message="1 undecodable record; line 1: JSON_PARSE_ERROR, ]]&gt;&lt;x/&gt;"/>
    </testcase>
    <testcase name="r&amp;d" classname="it&apos;s">
      <skipped message="no &lt;sql&gt;"/>
    </testcase>
  </testsuite>
</testsuites>
`);
});
