import type { Metrics } from "../verdict.js";

const RULE_PREFIX = "violations.";

/** `12,345`. */
export function count(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

/** `1 warning`, `12,345 warnings`. */
export function amount(total: number, what: string): string {
  return `${count(total)} ${what}${total === 1 ? "" : "s"}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `1.5 MiB`. */
export function bytes(value: number | bigint): string {
  const size = Number(value);
  const power = Math.min(Math.floor(Math.log2(Math.max(size, 1)) / 10), UNITS.length - 1);
  return `${+(size / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** `name 12, name 3`: the rules broken most often, worst first; empty when none was. */
export function worstRules(metrics: Metrics, limit = 3): string {
  return Object.entries(metrics)
    .filter(([name, violations]) => name.startsWith(RULE_PREFIX) && violations > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([name, violations]) => `${name.slice(RULE_PREFIX.length)} ${count(violations)}`)
    .join(", ");
}

/** Rows of two columns, the first padded to its widest. */
export function columns(rows: readonly (readonly [string, string])[], indent = "  "): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${indent}${name.padEnd(width)}  ${value}`).join("\n");
}
