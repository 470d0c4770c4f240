import { expect, test } from "vitest";
import { judge } from "../../../ts/governance/judge.ts";
import { batchWord, validationWord } from "../../../ts/governance/status.ts";
import type { Operation, Validation } from "../../../ts/governance/types.ts";
import { bumped, compareVersions, select } from "../../../ts/governance/versions.ts";
import { readRecordStatus, readStatus, worst } from "../../../ts/governance.ts";

test.each([
  ["ok", ["ok", "pass", "passed", "success", "succeeded", "valid", " OK "]],
  ["warn", ["warn", "warning", "caution"]],
  ["block", ["block", "blocked", "error", "fail", "failed", "invalid", "ko", "danger"]],
  ["stale", ["stale", "outdated", "expired"]],
  ["idle", ["idle", "info"]],
  ["unknown", ["unknown", "", "pending", null, undefined, 1]],
])("%s has these words", (status, words) => {
  expect(new Set(words.map(readRecordStatus))).toEqual(new Set([status]));
});

test("each surface gets its own words", () => {
  expect(readStatus("stale")).toBe("unknown");
  const all = ["ok", "warn", "block", "unknown", "idle"] as const;
  expect(all.map(validationWord)).toEqual(["ok", "warn", "block", "unknown", "ok"]);
  const words = (["ok", "warn", "block", "idle"] as const).map(batchWord);
  expect(words).toEqual(["ok", "warning", "error", "idle"]);
});

test("the roll-up is the worst", () => {
  expect(worst([])).toBe("unknown");
  expect(worst(["idle"])).toBe("idle");
  expect(worst(["ok", "idle"])).toBe("ok");
  expect(worst(["ok", "unknown"])).toBe("unknown");
  expect(worst(["warn", "unknown", "ok"])).toBe("warn");
  expect(worst(["ok", "block", "warn", "ok"])).toBe("block");
});

const fine: Validation = {
  ...{ ok: true, status: "unknown", errors: [], warnings: [] },
  ...{ metrics: {}, schema: {}, details: {} },
};
const violated = { "violations.a": 2, "violations.b": 1 };

test.each<[Partial<Validation>, Operation, Partial<Validation>]>([
  [{}, "write", { status: "ok", ok: true, details: { violations: 0 } }],
  [{ errors: ["a", "b"] }, "read", { status: "block", reason: "a", details: { violations: 2 } }],
  [{ ok: false }, "read", { status: "block", ok: false }],
  [{ status: "block" }, "read", { status: "block", ok: false }],
  [{ metrics: violated }, "write", { status: "block", ok: false, reason: "3 violations" }],
  [{ metrics: violated }, "read", { status: "warn", ok: true, details: { violations: 3 } }],
  [{ metrics: { "violations.a": 1 } }, "write", { status: "block", reason: "1 violation" }],
  [{ metrics: violated, status: "warn" }, "write", { status: "warn", ok: true }],
  [{ metrics: violated, status: "ok" }, "write", { status: "block", ok: false }],
  [{ warnings: ["w"] }, "write", { status: "warn", ok: true, reason: "w" }],
])("a validation is judged: %j on %s", (validation, operation, expected) => {
  expect(judge({ ...fine, ...validation }, operation)).toMatchObject(expected);
});

test("versions are ordered by number, drafts before their release", () => {
  const sorted = ["0.9.0", "0.10.0-draft", "0.10.0-draft.1", "0.10.0-draft.10", "0.10.0", "v1.0"];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
});

test.each([
  ["latest", "1.1.0"],
  ["newest", "2.0.0-draft"],
  ["==1.0.0", "1.0.0"],
  ["==2.0.0-draft", "2.0.0-draft"],
  [">=1.0.0", "1.1.0"],
  [">= 1.1.1", undefined],
  ["1.0.0", "1.0.0"],
  ["==3.0.0", undefined],
])("%s selects %s", (selector, version) => {
  expect(select(["1.1.0", "2.0.0-draft", "1.0.0"], selector)).toBe(version);
});

test("versions are raised", () => {
  const raised = (["major", "minor", "patch"] as const).map((bump) => bumped("1.2.3-draft", bump));
  expect(raised).toEqual(["2.0.0", "1.3.0", "1.2.4"]);
  expect(() => bumped("one", "minor")).toThrow("a version cannot be raised");
});
