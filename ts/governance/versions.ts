import { governanceError } from "./fault.js";
import type { Bump } from "./types.js";

/** Numbers by value, a draft before its release, as in SemVer; of anything else its text decides. */
export function compareVersions(a: string, b: string): number {
  return precedence(a, b) || (a < b ? -1 : Number(a > b));
}

/** As {@link compareVersions}, where `1` is as high as `1.0.0`. */
export function precedence(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  const length = Math.max(left.release.length, right.release.length);
  const filled = (release: readonly string[]) =>
    Array.from({ length }, (_, at) => release[at] ?? "0");
  return (
    compareParts(filled(left.release), filled(right.release)) ||
    Number(left.draft.length === 0) - Number(right.draft.length === 0) ||
    compareParts(left.draft, right.draft)
  );
}

export function isDraft(version: string): boolean {
  return partsOf(version).draft.length > 0;
}

/** What a selector selects of `versions`. */
export function select(versions: readonly string[], selector: string): string | undefined {
  const sorted = versions.toSorted(compareVersions);
  const released = sorted.filter((version) => !isDraft(version));
  const [, operator, operand = ""] = /^(==|>=)?\s*(.*)$/.exec(selector.trim()) ?? [];
  if (operator === ">=") {
    return released.findLast((version) => precedence(version, operand) >= 0);
  }
  if (operator === undefined && operand === "newest") return sorted.at(-1);
  if (operator === undefined && operand === "latest") return released.at(-1) ?? sorted.at(-1);
  return sorted.find((version) => version === operand);
}

/** The next version, of which there is no draft then. */
export function bumped(version: string, bump: Bump): string {
  const [, ...numbers] = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(version) ?? [];
  if (numbers[0] === undefined) {
    throw governanceError("GOVERNANCE_INVALID", "a version cannot be raised", {
      operation: "draft",
      field: "version",
      expected: "a version such as 1.2.0",
      actual: JSON.stringify(version),
    });
  }
  const [major = 0, minor = 0, patch = 0] = numbers.map((number) => Number(number ?? 0));
  if (bump === "major") return `${major + 1}.0.0`;
  return bump === "minor" ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
}

function partsOf(version: string): { release: readonly string[]; draft: readonly string[] } {
  const [number = ""] = version.replace(/^v/, "").split("+");
  const dash = number.indexOf("-");
  if (dash < 0) return { release: number.split("."), draft: [] };
  return { release: number.slice(0, dash).split("."), draft: number.slice(dash + 1).split(".") };
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [left, right] = [a[at], b[at]];
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const areNumbers = /^\d+$/.test(left) && /^\d+$/.test(right);
    const order = areNumbers
      ? Number(left) - Number(right)
      : left < right
        ? -1
        : left > right
          ? 1
          : 0;
    if (order !== 0) return order;
  }
  return 0;
}
