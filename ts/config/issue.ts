import type { z } from "zod";
import type { StreamingErrorCode } from "../error-codes.js";
import type { ConfigIssue, SourcePosition } from "../errors.js";
import { nearest } from "./nearest.js";
import { type Path, pathText } from "./spelling.js";

/** What is wrong, before its place in the source is known. */
export interface Finding {
  path: Path;
  code: StreamingErrorCode;
  expected: string;
  actual: string;
  details?: string;
}

export function toIssue(
  finding: Finding,
  position: SourcePosition | undefined,
  nodeName?: string,
): ConfigIssue {
  const { path, ...said } = finding;
  return {
    ...said,
    operation: "validate",
    component: "config",
    field: pathText(path),
    nodeName,
    position,
  };
}

/** One line: position, field, what was expected and what was there. */
export function issueText(issue: ConfigIssue): string {
  const { position, field, expected, actual, details } = issue;
  const at = position ? `${position.file}:${position.line}:${position.column} ` : "";
  const advice = details === undefined ? "" : ` (${details})`;
  return `${at}${field ? `${field}: ` : ""}expected ${expected}, got ${actual}${advice}`;
}

/** What the schema said of `value`, one finding a key. */
export function findings(issues: readonly z.core.$ZodIssue[], value: unknown): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey([...path, key], key, issue.message));
    }
    if (issue.code === "invalid_union") {
      const nested = branch(issue.errors);
      if (nested !== undefined) {
        const inner = nested.map((each) => ({ ...each, path: [...path, ...each.path] }));
        return findings(inner as z.core.$ZodIssue[], value);
      }
    }
    return [mismatch(path, expectation(issue), valueAt(value, path))];
  });
}

function unknownKey(path: Path, key: string, known: string): Finding {
  const meant = nearest(key, known.split(", "));
  return {
    path,
    code: "CONFIG_UNKNOWN_KEY",
    expected: `one of ${known}`,
    actual: `"${key}"`,
    details: meant === undefined ? undefined : `did you mean "${meant}"?`,
  };
}

function mismatch(path: Path, expected: string, actual: unknown): Finding {
  const isEnumeration = expected.includes('"');
  const code =
    actual === undefined ? "CONFIG_MISSING" : isEnumeration ? "CONFIG_VALUE" : "CONFIG_TYPE";
  return {
    path,
    code,
    expected,
    actual: describe(actual, path.includes("options") || path.at(-1) === "token"),
  };
}

/** The alternative that was meant: of those that fit at the top, the one with the fewest issues. */
function branch(alternatives: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const isOther = (issue: z.core.$ZodIssue) =>
    issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
  const weight = (issues: z.core.$ZodIssue[]) =>
    issues.reduce((sum, each) => sum + ("keys" in each ? each.keys.length : 1), 0);
  return alternatives
    .filter((issues) => !issues.some(isOther))
    .sort((a, b) => weight(a) - weight(b))[0];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_union") {
    return issue.errors.map((errors) => errors.map(expectation).join(" and ")).join(" or ");
  }
  if (issue.code === "invalid_value") {
    return issue.values.map((value) => JSON.stringify(value)).join(" or ");
  }
  if (issue.code !== "invalid_type") return issue.message;
  const names: Record<string, string> = { int: "integer", record: "object" };
  return names[issue.expected] ?? issue.expected;
}

/** Options and tokens are secrets: of those only the type is told. */
export function describe(value: unknown, isSecret = false): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "object" || isSecret) return typeof value;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    value,
  );
}
