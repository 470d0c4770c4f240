import { expect, test } from "vitest";
import { StreamingValidationError } from "../../../ts/errors.ts";
import * as strategies from "../../../ts/strategies/index.ts";

type Row = [field: string, expected: string, actual: string, ...given: unknown[]];

const ratio = "a number from 0 to 1";
const drop = "a number above 0, at most 1";
const count = "a whole number, 0 or more";
const positive = "a whole number, 1 or more";
const duration = "a number and a unit, such as 10 minutes: more than 0";
const strategy = "a strategy, or a function that decides";
const limit = "max, maxRatio or both";
const proceed = () => null;
const breaker = { failures: 1, halfOpenAfter: "1 second" };

const refused: Row[] = [
  ["violationRatio", "object", "nothing"],
  ["violationRatio.max", ratio, "nothing", {}],
  ["violationRatio.max", ratio, "1.1", { max: 1.1 }],
  ["violationRatio.max", ratio, "NaN", { max: Number.NaN }],
  ["violationRatio.max", ratio, '"0.2"', { max: "0.2" }],
  ["violationRatio.batches", positive, "0", { max: 0, batches: 0 }],
  ["violationRatio.minRows", positive, "0.5", { max: 0, minRows: 0.5 }],
  ["violationRatio.action", '"warn" or "block"', '"stop"', { max: 0, action: "stop" }],
  ["consecutiveFailures.max", count, "-1", { max: -1 }],
  ["ruleThresholds.unique_id", limit, "object", { unique_id: {} }],
  ["ruleThresholds.unique_id.max", count, "0.5", { unique_id: { max: 0.5 } }],
  ["rowCountDrop.by", drop, "0", { by: 0, batches: 1 }],
  ["rowCountDrop.batches", positive, "nothing", { by: 0.5 }],
  ["errorBudget", limit, "object", { per: "1 hour" }],
  ["errorBudget.maxRatio", ratio, "-0.1", { maxRatio: -0.1, per: "1 hour" }],
  ["errorBudget.per", duration, '"1h"', { max: 1, per: "1h" }],
  ["errorBudget.per", duration, '"0 hours"', { max: 1, per: "0 hours" }],
  ["errorBudget.clock", "a function", "1", { max: 1, per: "1 hour", clock: 1 }],
  ["circuitBreaker[0]", strategy, "object", {}, breaker],
  ["circuitBreaker.failures", positive, "0", proceed, { ...breaker, failures: 0 }],
  ["circuitBreaker.halfOpenAfter", duration, "30", proceed, { ...breaker, halfOpenAfter: 30 }],
  ["strictest", "at least one strategy", "array"],
  ["strictest[1]", strategy, "null", proceed, null],
];

function refusal(name: string, given: readonly unknown[]): unknown {
  try {
    return Reflect.get(strategies, name)(...given);
  } catch (error) {
    return error;
  }
}

test.each(refused)("%s: expected %s, got %s", (field, expected, actual, ...given) => {
  const [name = ""] = field.split(/[.[]/);
  const error = refusal(name, given);
  expect(error).toMatchObject({
    message: `${field}: expected ${expected}, got ${actual}`,
    context: { component: "strategies", field, expected, actual },
  });
  expect(StreamingValidationError.is(error)).toBe(true);
});

test("a value that does not hold and one that is missing have codes of their own", () => {
  expect(refusal("consecutiveFailures", [{ max: -1 }])).toMatchObject({ code: "CONFIG_VALUE" });
  expect(refusal("consecutiveFailures", [{}])).toMatchObject({ code: "CONFIG_MISSING" });
});

test("an unknown option is answered with the one that was probably meant", () => {
  expect(refusal("violationRatio", [{ max: 0.2, batchs: 5 }])).toMatchObject({
    code: "CONFIG_UNKNOWN_KEY",
    context: { field: "violationRatio.batchs", details: 'did you mean "batches"?' },
  });
});
