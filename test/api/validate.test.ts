import { beforeEach, expect, test, vi } from "vitest";
import { StreamingValidationError } from "../../ts/errors.ts";
import { startQuery } from "../../ts/start.ts";
import { validateConfig } from "../../ts/validate.ts";
import { verifyTable } from "../../ts/verify.ts";
import { FakeNative } from "./support/fake-native.ts";
import { config, failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const missing = {
  path: ["rejects"],
  code: "CONFIG_MISSING",
  expected: "a table",
  actual: "nothing",
};

test("a valid configuration answers the coverage of its contract", async () => {
  const coverage = [{ path: "schema[0]", rule: "required_id", status: "enforced" as const }];
  engine.validation = { issues: [], coverage };
  expect(await validateConfig(config)).toEqual({
    ok: true,
    issues: [],
    queries: [{ name: "events", coverage }],
  });
});

test("issues of the engine are answered in the user's spelling", async () => {
  const issues = [{ ...missing, path: ["dead_letters"] }];
  engine.validation = { issues, coverage: [], failure: failure({ kind: "validation", issues }) };
  const report = await validateConfig(config);
  expect(report.issues).toHaveLength(1);
  expect(report).toMatchObject({
    ok: false,
    issues: [{ code: "CONFIG_MISSING", field: "deadLetters", nodeName: "events" }],
  });
});

test("an option that its format does not take is answered with its path and the nearest name", async () => {
  const path = ["input", "options", "rowPerSecond"];
  const details = "did you mean rowsPerSecond?";
  const found = { ...missing, path, code: "CONFIG_OPTION", details };
  engine.validation = {
    ...{ issues: [found], coverage: [] },
    failure: failure({ kind: "validation", issues: [found] }),
  };
  const input = { format: "rate", options: { rowPerSecond: 6 } };
  expect(await validateConfig({ ...config, input })).toMatchObject({
    ok: false,
    issues: [{ code: "CONFIG_OPTION", field: "input.options.rowPerSecond", details }],
  });
});

test("a failure to look at the contract is an issue, too", async () => {
  const broken = failure({ kind: "validation", code: "CONTRACT_UNREADABLE", field: "contract" });
  engine.validation = { issues: [], coverage: [], failure: broken };
  expect(await validateConfig(config)).toMatchObject({
    ok: false,
    issues: [{ code: "CONTRACT_UNREADABLE", field: "contract", actual: "cannot write the log" }],
  });
});

test("names and types are found without asking the engine", async () => {
  const report = await validateConfig({ ...config, nmae: 1 } as never);
  expect(report).toMatchObject({ ok: false, issues: [{ field: "nmae" }], queries: [] });
});

test("startQuery throws the issues of names and types, and of the engine, alike", async () => {
  const wrong = await startQuery({ ...config, nmae: 1 } as never).catch((error: unknown) => error);
  expect(StreamingValidationError.is(wrong, "CONFIG_UNKNOWN_KEY")).toBe(true);
  expect(wrong).toMatchObject({ issues: [{ field: "nmae" }], context: { field: "nmae" } });
  engine.startFailure = failure({ kind: "validation", code: "CONFIG_MISSING", issues: [missing] });
  const refused = await startQuery(config).catch((error: unknown) => error);
  expect(StreamingValidationError.is(refused, "CONFIG_MISSING")).toBe(true);
  expect(refused).toMatchObject({ issues: [{ field: "rejects", nodeName: "events" }] });
});

test("a table that cannot be read is thrown", async () => {
  engine.verification = { failure: failure({ code: "DELTA_NOT_A_TABLE" }) };
  await expect(verifyTable("lake/none")).rejects.toMatchObject({ code: "DELTA_NOT_A_TABLE" });
});
