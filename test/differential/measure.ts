/** What one side says of one rule or check. */
export interface Measure {
  schema: string;
  /** The `id` of a quality rule of the contract, if it is one. */
  id?: string;
  /** What is checked of the column, or of the schema. */
  kind: string;
  column?: string;
  /** Rows, or percent; none where the check did not run. */
  value?: number;
  holds: boolean;
}

/** A measure of the peer's. */
export interface PeerMeasure extends Measure {
  /** Rows of all groups of duplicates, where `value` is the number of the groups. */
  repeatedRows?: number;
}

/** One text for a measure, to compare and to list. */
export function wording({ value, holds }: Pick<Measure, "value" | "holds">): string {
  if (value === undefined) return "not run";
  // The peer rounds percent to six digits.
  return `${Number(value.toFixed(6))}, ${holds ? "holds" : "broken"}`;
}
