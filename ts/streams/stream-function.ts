import type { RuleValue } from "../rule-values.js";

/** Makes of each row of a chunk another one or none; its rows have the columns of `schema`. */
export interface StreamFunction {
  /** By which messages know it: no other function of the stream may have it. */
  name: string;
  /** The columns of its rows, as ODCS properties: `{ name: "km", logicalType: "number" }`. */
  schema: readonly Readonly<{ name: string; logicalType?: string; [key: string]: unknown }>[];
  /** An item for each row, in order: the new row, null to leave it out, or an `Error`. */
  apply(
    rows: readonly Readonly<Record<string, RuleValue>>[],
    context: { function: string; signal: AbortSignal },
  ): readonly (object | null | Error)[] | Promise<readonly (object | null | Error)[]>;
}
