import type { RuleValue } from "./rule-values.js";

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
