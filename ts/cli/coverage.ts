import pc from "picocolors";
import type { RuleCoverage } from "../validate.js";
import { compactTable } from "./table.js";

const STATUS = {
  enforced: { name: "enforced", colour: pc.green },
  not_enforceable: { name: "not enforceable here", colour: pc.yellow },
  informational: { name: "informational", colour: pc.dim },
} as const;

/** `3 enforced, 1 not enforceable here, 2 informational`. */
export function tally(coverage: readonly RuleCoverage[]): string {
  return Object.entries(STATUS)
    .map(([status, { name }]) => {
      const found = coverage.filter((rule) => rule.status === status);
      return `${found.length} ${name}`;
    })
    .join(", ");
}

/** What is done about each rule of a contract, and why. */
export function coverageTable(coverage: readonly RuleCoverage[]): string {
  const table = compactTable(["line", "path", "rule", "status", "why"]);
  for (const { line, path, rule, status, reason } of coverage) {
    const { name, colour } = STATUS[status];
    table.push([line ?? "", path, rule, colour(name), reason ?? ""]);
  }
  return table.toString();
}
