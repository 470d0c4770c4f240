import { issueText, toIssue } from "./config/issue.js";
import type { LoadedConfig } from "./config/load.js";
import type { StreamingErrorCode } from "./error-codes.js";
import {
  type ConfigIssue,
  type ErrorContext,
  type StreamingError,
  StreamingFormatNotSupportedError,
  StreamingInterventionError,
  StreamingQueryError,
  StreamingValidationError,
} from "./errors.js";
import type { NativeFailure, NativeIssue } from "./native.js";

/** How an issue of the engine is told to the user: in the spelling and at the place they wrote. */
export type Locate = (issue: NativeIssue) => ConfigIssue;

/** Takes `key` out of an answer of the engine, or throws the failure that it holds instead. */
export function unwrap<T extends { failure?: NativeFailure }, K extends keyof T>(
  answer: T,
  key: K,
  locate?: Locate,
): NonNullable<T[K]> {
  if (answer.failure !== undefined) throw toError(answer.failure, locate);
  const value = answer[key];
  if (value === undefined || value === null) {
    throw new TypeError(`the engine answered neither ${String(key)} nor a failure`);
  }
  return value;
}

/** The error that a failure of the engine is thrown as. */
export function toError(failure: NativeFailure, locate: Locate = plainIssue): StreamingError {
  const { kind, message, retryable, causes, issues, verdict } = failure;
  const code = failure.code as StreamingErrorCode;
  const cause = chain(causes);
  const options = { context: contextOf(failure, locate), retryable, cause };
  if (kind === "validation") {
    const located = issues.map(locate);
    const text = located.length > 0 ? issuesText(located) : message;
    return new StreamingValidationError(code, text, { ...options, issues: located });
  }
  if (kind === "format") return new StreamingFormatNotSupportedError(code, message, options);
  if (kind === "intervention" && verdict !== undefined) {
    return new StreamingInterventionError(code, message, { ...options, verdict });
  }
  return new StreamingQueryError(code, message, options);
}

/** The error of a configuration whose names, types or enumerations do not hold. */
export function invalidConfig({ issues }: Pick<LoadedConfig, "issues">): StreamingValidationError {
  const [first] = issues;
  const { code = "CONFIG_INVALID", ...context } = first ?? {
    operation: "validate",
    component: "config",
  };
  return new StreamingValidationError(code, issuesText(issues), { context, issues });
}

/** The error of one argument of a call that cannot be used. */
export function invalidArgument(message: string, context: ErrorContext): StreamingValidationError {
  const issues = [{ ...context, code: "CONFIG_VALUE" as const }];
  return new StreamingValidationError("CONFIG_VALUE", message, { context, issues });
}

function issuesText(issues: readonly ConfigIssue[]): string {
  const lines = issues.map(issueText);
  return lines.length === 1 ? `${lines[0]}` : `${lines.length} issues\n  ${lines.join("\n  ")}`;
}

function contextOf(failure: NativeFailure, locate: Locate): ErrorContext {
  const { operation, component, nodeName, field, expected, actual, details, code } = failure;
  const said = { operation, component, nodeName, expected, actual, details };
  if (field === undefined) return said;
  const place = locate({ path: pathOf(field), code, expected: "", actual: "" });
  return { ...said, field: place.field, position: place.position };
}

/** Names of options hold dots of their own. */
function pathOf(field: string): string[] {
  const keys = field.split(".");
  const last = keys.indexOf("options") + 1;
  return last > 0 && last < keys.length
    ? [...keys.slice(0, last), keys.slice(last).join(".")]
    : keys;
}

export function plainIssue({ code, ...said }: NativeIssue): ConfigIssue {
  return toIssue({ ...said, code: code as StreamingErrorCode }, undefined);
}

function chain(causes: readonly string[]): Error | undefined {
  return causes.reduceRight<Error | undefined>((cause, message) => {
    const error = cause === undefined ? new Error(message) : new Error(message, { cause });
    error.stack = `Error: ${message}`; // The stack of this call says nothing about the engine.
    return error;
  }, undefined);
}
