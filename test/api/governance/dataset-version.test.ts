import { expect, test } from "vitest";
import { versionTemplate } from "../../../ts/governance/dataset-version.ts";

const batch = { batchId: 7, batchUuid: "019aaa5e-7c00-7000-8000-000000000002" };

test.each([
  ["{batch_id}", "7"],
  ["{timestamp}", "20251122070150"],
  ["{unix_timestamp}", "1763794910"],
  ["run-{timestamp}-{batch_id}", "run-20251122070150-7"],
  ["v1", "v1"],
])("%s is %s", (template, version) => {
  expect(versionTemplate(template)(batch)).toBe(version);
});

test.each(["{}", "{date}", "{timestamp} of {Batch_id}", ""])("%j is refused", (template) => {
  expect(() => versionTemplate(template)).toThrow("a version template cannot be used");
});

test("a UUID that tells no time is not made one that does", () => {
  const version = versionTemplate("{timestamp}");
  expect(() => version({ ...batch, batchUuid: crypto.randomUUID() })).toThrow("tells no time");
});
