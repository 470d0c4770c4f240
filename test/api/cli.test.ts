import { beforeEach, expect, test, vi } from "vitest";
import { toBatch } from "../../ts/batch.ts";
import { errorJson, errorText, exitCodeOf } from "../../ts/cli/error-text.ts";
import { Output } from "../../ts/cli/output.ts";
import { batchLine } from "../../ts/cli/run.ts";
import { worstRules } from "../../ts/cli/text.ts";
import { reportText } from "../../ts/cli/validate.ts";
import { verifyText } from "../../ts/cli/verify.ts";
import { type ConfigIssue, StreamingValidationError } from "../../ts/errors.ts";
import { toError } from "../../ts/failure.ts";
import { withJson } from "../../ts/json.ts";
import type { NativeVerifyReport } from "../../ts/native.ts";
import { headgate } from "./support/command-line.ts";
import { FakeNative } from "./support/fake-native.ts";
import { batch, failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const issue: ConfigIssue = {
  operation: "validate",
  component: "config",
  code: "CONFIG_UNKNOWN_KEY",
  field: "input.decoed",
  expected: "one of format, decode",
  actual: '"decoed"',
  details: 'did you mean "decode"?',
  position: { file: "gps.yaml", line: 7, column: 3 },
};

test("an error names code, position, field, expected, actual and what to do, once", () => {
  const error = new StreamingValidationError("CONFIG_UNKNOWN_KEY", "…", {
    context: issue,
    issues: [issue, { ...issue, field: "input.formt" }],
  });
  expect(errorText(error)).toBe(`error CONFIG_UNKNOWN_KEY gps.yaml:7:3
  field     input.decoed
  expected  one of format, decode
  actual    "decoed"
  to do     did you mean "decode"?

error CONFIG_UNKNOWN_KEY gps.yaml:7:3
  field     input.formt
  expected  one of format, decode
  actual    "decoed"
  to do     did you mean "decode"?`);
});

test("an error of a query tells its causes and whether a retry may help", () => {
  expect(errorText(toError(failure({ nodeName: "gps" })))).toBe(
    `error DELTA_STORE in gps: cannot write the log
  because  put failed
  because  connection reset
  retry    the same call may succeed later`,
  );
});

test("an error in JSON is one line", () => {
  const line = errorJson(toError(failure()));
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toMatchObject({ event: "error", code: "DELTA_STORE", retryable: true });
});

test.each([
  ["validation", 2],
  ["format", 2],
  ["query", 1],
] as const)("a %s error ends with status %i", (kind, status) => {
  expect(exitCodeOf(toError(failure({ kind })))).toBe(status);
});

test("a batch is one line", () => {
  const metrics = { row_count: 9, "violations.speed": 3, "violations.id": 7, "violations.lat": 0 };
  const counts = {
    records: 12_000,
    accepted: 11_988,
    rejected: 10,
    deadLetters: 2,
    skipped: 0,
    rerouted: 0,
    copied: 0,
  };
  expect(batchLine("gps", toBatch(batch(4, { status: "warn", metrics, counts })))).toBe(
    "10:00:00  gps  batch 4  warn  12,000 records  11,988 accepted  10 rejected  2 dead  id 7, speed 3",
  );
});

test("the worst rules come first, and only so many", () => {
  const metrics = { "violations.a": 1, "violations.b": 3, "violations.c": 2, row_count: 9 };
  expect(worstRules(metrics, 2)).toBe("b 3, c 2");
});

test("the coverage of a contract says what is not enforced, and why", () => {
  const text = reportText("gps.yaml", {
    ok: true,
    issues: [],
    queries: [
      {
        name: "gps",
        coverage: [
          { path: "schema[0]", rule: "required_id", status: "enforced", line: 12 },
          {
            path: "schema[0]",
            rule: "fresh",
            status: "not_enforceable",
            reason: "needs SQL",
            line: 20,
          },
          { path: "price", rule: "price", status: "informational" },
        ],
      },
    ],
  });
  expect(text).toContain("gps: 1 enforced, 1 not enforceable here, 1 informational");
  expect(text).toMatch(/20 .*fresh .*not enforceable here .*needs SQL/);
  expect(text).toContain("gps.yaml is valid");
});

test("an invalid file is told with each issue and their number", () => {
  const text = reportText("gps.yaml", { ok: false, issues: [issue, issue], queries: [] });
  expect(text).toMatch(/error CONFIG_UNKNOWN_KEY gps.yaml:7:3/);
  expect(text).toContain("gps.yaml: 2 issues");
});

const report: NativeVerifyReport = {
  ...{ table: "lake/gps", version: 412n, ok: true, batches: 400, openDebts: 0, breaks: [] },
  ...{ records: 1000n, accepted: 900n, rejected: 90n, deadLetters: 10n, skipped: 0n, rerouted: 0n },
  ...{ gaps: 12n, lost: 0n },
  sideTables: [{ role: "rejects", path: "lake/gps_rejects", rows: 90n, paidTo: 410n }],
  partitions: [],
};

test("a table that verifies says so with its counts", () => {
  const text = verifyText(withJson(report));
  expect(text).toContain("lake/gps at version 412 verifies");
  expect(text).toMatch(/rejects +lake\/gps_rejects: 90 rows, paid to version 410/);
});

test("a table that does not verify names its first break and how many follow", () => {
  const text = verifyText(withJson({ ...report, ok: false, breaks: ["gap at 7", "b", "c"] }));
  expect(text).toContain("lake/gps at version 412 does not verify: gap at 7");
  expect(text).toContain("and 2 more");
});

test("verify ends with status 0 or 1", async () => {
  engine.verification = { report };
  expect(await headgate("verify", "lake/gps")).toMatchObject({ status: 0 });
  engine.verification = { report: { ...report, ok: false, breaks: ["gap"] } };
  expect(await headgate("verify", "lake/gps")).toMatchObject({ status: 1 });
});

test("a deep verification tells what it compared and who removed rows", () => {
  const rows = {
    ...{ compared: 900n, older: 40n, reread: 0n, foreign: 0n },
    removed: [{ table: "lake/gps", rows: 6n, by: [{ version: 5n, operation: "DELETE" }] }],
    unchecked: ["lake/raw"],
  };
  const text = verifyText(withJson({ ...report, rows }));
  expect(text).toMatch(/rows compared +900/);
  expect(text).toMatch(/of older batches +40/);
  expect(text).toMatch(/rows removed +6 from lake\/gps, by DELETE at version 5/);
  expect(text).toMatch(/not compared +lake\/raw: no coordinates/);
  expect(text).not.toContain("read again");
});

test("a verification against brokers has a table of partitions", async () => {
  const partitions = [
    { topic: "gps", partition: 0, query: "gps", next: 90n, first: 10n, end: 1_100n },
    { topic: "gps", partition: 1, first: 0n, end: 5n },
  ];
  engine.verification = { report: { ...report, partitions } };
  const words = ["--kafka", "127.0.0.1:9092", "--kafka-option", "kafka.sasl.username=a=b"];
  const { stdout } = await headgate("verify", "lake/gps", "--deep", ...words);
  const brokers = { "kafka.bootstrap.servers": "127.0.0.1:9092", "kafka.sasl.username": "a=b" };
  expect(engine.operated).toEqual([["verify", "lake/gps", true, brokers]]);
  expect(stdout).toMatch(/gps-0 .* gps .* 90 .* 10 .* 1,100 .* 1,010/);
  expect(stdout).toMatch(/gps-1 .* not read yet .* none .* 0 .* 5/);
});

test("verify in JSON is one line with exact integers", async () => {
  engine.verification = { report: { ...report, records: 2n ** 53n + 1n } };
  const { stdout } = await headgate("verify", "lake/gps", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ event: "verification", records: "9007199254740993" });
});

test("validate ends with status 2 for a file that cannot be used", async () => {
  const { status, stdout } = await headgate("validate", "/nowhere/gps.yaml", "--json");
  expect(status).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ event: "validation", ok: false });
});

test.each([["--log-level", "loud"], ["--unknown"]])("%s is refused", async (...args) => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await expect(headgate("run", "gps.yaml", ...args)).rejects.toThrow();
  said.mockRestore();
});

test("logs in JSON are one line each, on standard error", () => {
  let line = "";
  const said = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    line += text;
    return true;
  });
  new Output({ json: true, logLevel: "info" })
    .logger()
    .warn({ offset: 7n, error: new Error("no") }, "slow");
  said.mockRestore();
  expect(JSON.parse(line)).toMatchObject({
    event: "log",
    level: "warn",
    message: "slow",
    offset: "7",
    error: { message: "no" },
  });
});
