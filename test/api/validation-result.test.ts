import { expect, test } from "vitest";
import { toBatch } from "../../ts/batch.ts";
import { LiveValidation } from "../../ts/validation-result.ts";
import { batch } from "./support/samples.ts";

const dataset = { datasetId: "lake/events", columns: [] };

test("at most 1,000 batches are kept, the newest last", () => {
  const validation = new LiveValidation(dataset, {});
  for (let id = 0; id < 1_010; id += 1) validation.record(toBatch(batch(id)));
  expect(validation.streamingBatches).toHaveLength(1_000);
  expect(validation.streamingBatches[0]?.batchId).toBe(10);
  expect(validation.metrics).toEqual({ row_count: 10_100 });
});

test("an idle batch hides no errors, faults stay, and what was known before goes", () => {
  const validation = new LiveValidation(dataset, {});
  validation.caution(["not active"]);
  validation.presume({ status: "block", reason: "old", errors: ["old"] });
  expect(validation).toMatchObject({ ok: false, reason: "old", errors: ["old"] });
  const errors = ["minimum_speed: 1 violation"];
  validation.record(toBatch(batch(1, { status: "warn", errors })));
  validation.record(toBatch(batch(2, { status: "idle" })));
  const [reason] = errors;
  expect(validation).toMatchObject({ ok: true, status: "warn", reason, errors });
  expect(validation.warnings).toEqual(["not active"]);
  validation.fail(["no"]);
  validation.fail(["no"]);
  expect(validation).toMatchObject({ ok: false, status: "block", errors: ["no", ...errors] });
});

test("an idle batch does not change the status, a blocked one has no version", () => {
  const validation = new LiveValidation(dataset, {});
  expect(validation).toMatchObject({ ok: true, status: "unknown", reason: undefined });
  validation.record(toBatch(batch(3)));
  validation.record(toBatch(batch(4, { status: "idle" })));
  expect(validation.status).toBe("ok");
  validation.record(toBatch(batch(5, { status: "block", datasetVersion: undefined })));
  expect(validation).toMatchObject({ ok: false, status: "block", datasetVersion: "4" });
});
