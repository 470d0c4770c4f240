import { answerCalls, UnusableAnswer } from "./functions.js";
import { nameOf } from "./intervention.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery, NativeTransformCall } from "./native.js";
import { type RuleValue, readValues, type Shape, writeValue } from "./rule-values.js";

/** A row by its columns; their values are those that functions of rules get. */
export type TransformRow = Readonly<Record<string, RuleValue>>;

/**
 * The row that is made of one: its columns by the names of the step's `schema`, those left out NULL.
 * 64-bit integers may be `bigint` or `number`, decimals text, dates and timestamps text or `Date`.
 * Null leaves the row out on purpose, an `Error` makes a dead letter of it, which has its name and
 * nothing else of it.
 */
export type TransformedRow = object | null | Error;

export interface TransformContext {
  /** Its name. */
  function: string;
  /** Aborts at the deadline; an answer after it is ignored. */
  signal: AbortSignal;
}

// As a method, so that a function may name the columns that it is written for.
interface RowTransformer {
  transform(
    rows: readonly TransformRow[],
    context: TransformContext,
  ): readonly TransformedRow[] | Promise<readonly TransformedRow[]>;
}

/** Makes of each row of a chunk another one or none: its answer has an item for each, in order. */
export type TransformFunction = RowTransformer["transform"];

/** By the names that the configuration's `transforms` have as their `function`. */
export type TransformFunctions = Readonly<Record<string, TransformFunction>>;

export interface TransformHooks {
  /**
   * Functions of the configuration's `transforms`, called for each chunk of rows, and once more for
   * a shadow contract. One that throws, is late or answers nonsense fails the query; nothing of the
   * open batch is committed, so that its records are read again by the next start.
   */
  transforms?: TransformFunctions;
  /** For each call. Default: 10,000. */
  transformTimeoutMs?: number;
}

type TransformCaller = Pick<NativeQuery, "nextTransformCall" | "answerTransformCall">;

export function answerTransformCalls(
  caller: TransformCaller,
  { transforms = {}, transformTimeoutMs: timeoutMs }: TransformHooks,
  logger: SafeLogger,
): Promise<void> {
  const answering = {
    kind: "transform",
    late: "what a transform made",
    timeoutMs,
    next: () => caller.nextTransformCall(),
    make: (asked: NativeTransformCall, signal: AbortSignal) => make(asked, transforms, signal),
    answer: (call: number, lines?: string, failure?: string) =>
      caller.answerTransformCall(call, lines, failure),
  };
  return answerCalls(answering, logger);
}

async function make(
  { name, rowsJson, shapeJson, answerShapeJson, numRows }: NativeTransformCall,
  transforms: TransformFunctions,
  signal: AbortSignal,
): Promise<string> {
  const rows = readValues(rowsJson, shapeJson) as unknown as readonly TransformRow[];
  const made: unknown = await transforms[name]?.(rows, { function: name, signal });
  if (!Array.isArray(made)) throw new UnusableAnswer("it answered no array");
  if (made.length !== numRows) {
    throw new UnusableAnswer(`it answered ${made.length} rows for ${numRows}`);
  }
  const shape = JSON.parse(answerShapeJson) as Shape;
  // Not `map`, which leaves holes out.
  return Array.from(made, (row) => lineOf(row, shape)).join("\n");
}

function lineOf(row: unknown, shape: Shape): string {
  if (row === null) return "null";
  if (row instanceof Error) return JSON.stringify(nameOf(row));
  const isPromise = typeof row === "object" && "then" in row;
  const line = isPromise ? "" : writeValue(row, shape);
  if (line.startsWith("{")) return line;
  throw new UnusableAnswer("an item of its answer is neither a row, nor null, nor an Error");
}
