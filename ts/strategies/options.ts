import { z } from "zod";
import { type Finding, findings, toIssue } from "../config/issue.js";
import type { StreamingValidationError } from "../errors.js";
import { invalidConfig } from "../failure.js";
import { milliseconds } from "./duration.js";

/** Milliseconds since 1970; default `Date.now`. */
export type Clock = () => number;

/** What a strategy does about a batch that it finds wanting. */
export type StrategyAction = "warn" | "block";

function where(expected: string, holds: (value: unknown) => boolean): z.ZodType {
  return z.custom(holds, expected);
}

const isStrategy = (value: unknown) =>
  typeof value === "function" ||
  typeof (value as { decide?: unknown } | null)?.decide === "function";
const isNumber = (value: unknown): value is number => typeof value === "number";
const isWhole = (value: unknown, least: number) =>
  Number.isSafeInteger(value) && (value as number) >= least;

/** How the options of strategies are checked. */
export const option = {
  ratio: where("a number from 0 to 1", (value) => isNumber(value) && value >= 0 && value <= 1),
  drop: where("a number above 0, at most 1", (value) => isNumber(value) && value > 0 && value <= 1),
  count: where("a whole number, 0 or more", (value) => isWhole(value, 0)),
  positive: where("a whole number, 1 or more", (value) => isWhole(value, 1)),
  duration: where(
    "a number and a unit, such as 10 minutes: more than 0",
    (value) => typeof value === "string" && (milliseconds(value) ?? 0) > 0,
  ),
  clock: where("a function", (value) => typeof value === "function").optional(),
  action: z.enum(["warn", "block"]).optional(),
  text: where("a text that is not empty", (value) => typeof value === "string" && value !== ""),
};

/** The options `shape`, and no others. */
export function only(shape: Record<string, z.ZodType>): z.ZodObject {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? known : undefined),
  });
}

/** Throws a `StreamingValidationError` unless what a strategy was made with holds. */
export function check(strategy: string, schema: z.ZodType, given: unknown): void {
  const { error } = schema.safeParse(given);
  if (error === undefined) return;
  const found = findings(error.issues, given);
  throw faults(found.map((each) => ({ ...each, path: [strategy, ...each.path] })));
}

export function checkStrategies(composition: string, given: readonly unknown[]): void {
  const strategy = where("a strategy, or a function that decides", isStrategy);
  check(composition, z.array(strategy).min(1, "at least one strategy"), given);
}

export function faults(found: readonly Finding[]): StreamingValidationError {
  const issues = found.map((each) => {
    const code = each.code === "CONFIG_TYPE" ? "CONFIG_VALUE" : each.code;
    const place = { operation: "start", component: "strategies" };
    return { ...toIssue({ ...each, code }, undefined), ...place };
  });
  return invalidConfig({ issues });
}
