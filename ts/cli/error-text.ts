import pc from "picocolors";
import {
  type ConfigIssue,
  causesOf,
  type ErrorContext,
  StreamingError,
  StreamingFormatNotSupportedError,
  StreamingValidationError,
} from "../errors.js";
import { jsonSafe } from "../json.js";
import { EXIT } from "./exit-codes.js";
import { columns } from "./text.js";

/** Everything a person needs to act on an error: code, position, field, expected, actual, advice. */
export function errorText(error: unknown): string {
  if (StreamingValidationError.is(error) && error.issues.length > 0) {
    return error.issues.map(configIssueText).join("\n\n");
  }
  if (!StreamingError.is(error)) {
    return `${pc.red("error")} ${error instanceof Error ? (error.stack ?? error.message) : error}`;
  }
  const causes = causesOf(error).map((cause) => ["because", messageOf(cause)] as const);
  const rows = [...contextRows(error.context), ...causes];
  if (error.retryable) rows.push(["retry", "the same call may succeed later"]);
  return `${title(error.code, error.context)}: ${error.message}\n${columns(rows)}`.trimEnd();
}

export function configIssueText(issue: ConfigIssue): string {
  return `${title(issue.code, issue)}\n${columns(contextRows(issue))}`;
}

/** One line, for `--json`. */
export function errorJson(error: unknown): string {
  const said = StreamingError.is(error)
    ? error.toJSON()
    : { name: "Error", message: messageOf(error) };
  return JSON.stringify(jsonSafe({ event: "error", ...said }));
}

export function exitCodeOf(error: unknown): number {
  const isUnusable =
    StreamingValidationError.is(error) || StreamingFormatNotSupportedError.is(error);
  return isUnusable ? EXIT.unusable : EXIT.failed;
}

function title(code: string, { position, nodeName }: ErrorContext): string {
  const at = position ? ` ${position.file}:${position.line}:${position.column}` : "";
  return `${pc.red("error")} ${pc.bold(code)}${at}${nodeName ? pc.dim(` in ${nodeName}`) : ""}`;
}

function contextRows(context: ErrorContext): (readonly [string, string])[] {
  const { field, expected, actual, details } = context;
  const rows = { field, expected, actual, "to do": details };
  return Object.entries(rows).flatMap(([name, value]) => (value ? [[name, value] as const] : []));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
