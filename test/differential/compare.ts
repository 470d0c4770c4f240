import { type Measure, type PeerMeasure, wording } from "./measure.ts";

/** The peer's checks for a rule that the contract gives no id. */
const checksOf: Record<string, readonly string[]> = {
  required: ["field_required", "field_primary_key_required"],
  unique: ["field_unique"],
  primary_key: ["field_primary_key_unique", "primary_key_unique"],
  min_length: ["field_min_length"],
  max_length: ["field_max_length"],
  pattern: ["field_regex"],
  enum: ["field_enum"],
  minimum: ["field_minimum"],
  maximum: ["field_maximum"],
  // Two checks, of which no value breaks both: beyond the bound, and equal to it.
  exclusive_minimum: ["field_minimum", "field_not_equal"],
  exclusive_maximum: ["field_maximum", "field_not_equal"],
  min_items: ["field_min_items"],
  max_items: ["field_max_items"],
  unique_items: ["field_unique_items"],
};

export const NO_CHECK = "no check";
export const NOT_ENFORCED = "not enforced";

/** One rule, measured by both. */
export interface Comparison {
  /** `schema.rule` */
  rule: string;
  kind: string;
  headgate: string;
  peer: string;
  /** For rules about duplicates: rows beyond the first of their group, by both. */
  surplus?: { headgate?: number; peer: number };
}

/** Every rule of Headgate beside the peer's checks for it, then the checks that no rule answers to. */
export function compare(headgate: readonly Measure[], peer: readonly PeerMeasure[]): Comparison[] {
  const answered = new Set<Measure>();
  const rules = headgate.map((rule) => {
    const checks = peer.filter((check) => isCheckOf(check, rule));
    for (const check of checks) answered.add(check);
    return {
      rule: `${rule.schema}.${rule.id}`,
      kind: rule.kind,
      headgate: wording(rule),
      peer: checks.length === 0 ? NO_CHECK : wording(together(checks)),
      surplus: surplus(rule, checks),
    };
  });
  const others = peer.filter((check) => !answered.has(check));
  return [
    ...rules,
    ...others.map((check) => ({
      rule: `${check.schema}.${check.id ?? [check.kind, check.column].join("_")}`,
      kind: check.kind,
      headgate: NOT_ENFORCED,
      peer: wording(check),
    })),
  ];
}

function isCheckOf(check: Measure, rule: Measure): boolean {
  if (check.schema !== rule.schema) return false;
  if (check.id !== undefined) return check.id === rule.id;
  return check.column === rule.column && (checksOf[rule.kind] ?? []).includes(check.kind);
}

function together(checks: readonly Measure[]): Pick<Measure, "value" | "holds"> {
  const values = checks.flatMap((check) => check.value ?? []);
  return {
    value: values.length === checks.length ? values.reduce((sum, value) => sum + value) : undefined,
    holds: checks.every((check) => check.holds),
  };
}

function surplus(rule: Measure, checks: readonly PeerMeasure[]): Comparison["surplus"] {
  const [check] = checks;
  if (check?.repeatedRows === undefined || check.value === undefined) return undefined;
  return { headgate: rule.value, peer: check.repeatedRows - check.value };
}
