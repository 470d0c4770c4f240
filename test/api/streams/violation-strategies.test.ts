import { expect, test } from "vitest";
import { StreamingValidationError } from "../../../ts/errors.ts";
import {
  flagWriteViolationStrategy,
  noOpWriteViolationStrategy,
  type SplitOptions,
  splitWriteViolationStrategy,
  strictWriteViolationStrategy,
  type ViolationPlan,
} from "../../../ts/streams/index.ts";
import { told } from "../support/observed.ts";
import { thrownBy } from "./support/events.ts";

const asked: ViolationPlan = {
  onViolation: "block",
  output: { format: "delta", path: "s3://lake/events/", options: { AWS_REGION: "eu" } },
  datasetId: "events",
};

test("no-op leaves it to enforce", () => {
  const rejects = { format: "delta", path: "rejects" };
  const plan = { ...asked, onViolation: "allow", rejects } as const;
  expect(noOpWriteViolationStrategy().plan(plan)).toEqual(plan);
});

test("split has a table and a dataset for each", () => {
  expect(splitWriteViolationStrategy().plan(asked)).toEqual({
    onViolation: "split",
    output: { ...asked.output, path: "s3://lake/events_valid" },
    datasetId: "events::valid",
    rejects: { ...asked.output, path: "s3://lake/events_reject" },
    rejectsDatasetId: "events::reject",
  });
});

test("split by names of one's own", () => {
  const named = { validSuffix: "", rejectSuffix: "bad", datasetSuffixSeparator: "." };
  const output = { format: "delta", tableName: "events", warehouse: "/lake" };
  const { plan } = splitWriteViolationStrategy(named);
  expect(plan({ ...asked, output })).toEqual({
    onViolation: "split",
    output,
    datasetId: "events",
    rejects: { ...output, tableName: "events_bad" },
    rejectsDatasetId: "events.bad",
  });
  const rejects = { format: "delta", path: "elsewhere" };
  expect(plan({ ...asked, rejects }).rejects).toBe(rejects);
});

test("split with a primary write lets all rows in, and copies the others", () => {
  const { plan } = splitWriteViolationStrategy({ writePrimaryOnViolation: true });
  expect(plan(asked)).toMatchObject({
    onViolation: "allow",
    output: asked.output,
    datasetId: "events",
    rejectsDatasetId: "events::reject",
  });
});

test.each<[SplitOptions, string, RegExp]>([
  [{ includeReject: false }, "includeReject", /no row is dropped/],
  [{ includeValid: false }, "includeValid", /no row is dropped/],
  [{ includeValid: true, writePrimaryOnViolation: true }, "includeValid", /in the output, or/],
  [{ rejectSuffix: "" }, "rejectSuffix", /not empty/],
  [{ validSuffix: "reject" }, "rejectSuffix", /not validSuffix/],
])("split as %j would lose rows, and is refused", (options, field, expected) => {
  const error = thrownBy(() => splitWriteViolationStrategy(options));
  expect(StreamingValidationError.is(error)).toBe(true);
  expect(error).toMatchObject({
    context: { field: `violationStrategy.${field}`, expected: expect.stringMatching(expected) },
  });
});

test("split needs a table that it can name others after", () => {
  const { plan } = splitWriteViolationStrategy();
  const error = thrownBy(() => plan({ ...asked, output: { format: "delta" } }));
  expect(error).toMatchObject({ context: { field: "violationStrategy.output" } });
});

test("flag has one name for its column", () => {
  const same = flagWriteViolationStrategy({ columnName: "_violations" });
  expect(same.plan(asked)).toEqual({ ...asked, onViolation: "flag" });
  const error = thrownBy(() => flagWriteViolationStrategy({ columnName: "_corrupted_data" }));
  expect(error).toMatchObject({ context: { expected: "_violations", actual: "_corrupted_data" } });
});

test.each([
  [{}, { status: "ok" }, undefined],
  [{}, { status: "warn" }, undefined],
  [{}, { status: "warn", violations: 1 }, "the contract was violated"],
  [{ failOnWarnings: true, failureMessage: "no" }, { status: "warn" }, "no"],
  [{ failOnWarnings: true }, { status: "idle" }, undefined],
] as const)("strict with %j finds fault with %j: %s", (options, change, fault) => {
  const strategy = strictWriteViolationStrategy(options);
  expect(strategy.plan(asked)).toEqual(asked);
  expect(strategy.faultOf?.(told(1, change))).toBe(fault);
});

test("strict keeps the gates of its base, but for its own", () => {
  const base = flagWriteViolationStrategy({
    allowedContractStatuses: ["draft"],
    allowMissingContractStatus: false,
  });
  const strict = strictWriteViolationStrategy({ base, allowedContractStatuses: ["active"] });
  expect(strict).toMatchObject({
    allowedContractStatuses: ["active"],
    allowMissingContractStatus: false,
  });
  expect(strict.plan(asked).onViolation).toBe("flag");
});
