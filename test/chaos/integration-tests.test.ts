import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/root.ts";
import { passed, type Report } from "./integration-tests.ts";
import { kafkaTrouble, storageTrouble } from "./trouble-files.ts";

type Assertion = Report["testResults"][number]["assertionResults"][number];

const files = ["test/a.test.ts", "test/b.test.ts"];
const good: Assertion = { fullName: "one holds", status: "passed", failureMessages: [] };

test("tests that passed are counted over all files", () => {
  expect(passed(report([good, good], [good]), files)).toBe(3);
});

test("a test that failed is named with the first lines of what it said", () => {
  const failureMessages = ["expected 1\nto be 2\nor 3\nat somewhere"];
  const bad = { fullName: "two holds", status: "failed", failureMessages };
  expect(() => passed(report([good, bad], [good]), files)).toThrow(
    /^two holds: failed\nexpected 1\nto be 2\nor 3$/,
  );
});

test("a test that was left out did not pass", () => {
  const skipped = { ...good, status: "skipped" };
  expect(() => passed(report([skipped], [good]), files)).toThrow("one holds: skipped");
});

test("a file without tests is an error, whether it did not load or was not found", () => {
  const message = "cannot find a module";
  expect(() => passed(report([good], []), files)).toThrow(`test/b.test.ts: no tests\n${message}`);
  expect(() => passed(report([good]), files)).toThrow("test/b.test.ts: no tests");
});

test.each([...kafkaTrouble, ...storageTrouble])("%s is there", (file) => {
  expect(existsSync(join(root, file))).toBe(true);
});

function report(...assertions: Assertion[][]): Report {
  return {
    testResults: assertions.map((assertionResults, at) => ({
      name: join(root, files[at] ?? ""),
      message: "cannot find a module",
      assertionResults,
    })),
  };
}
