import pc from "picocolors";
import { type ConfigReport, type RuleCoverage, validateConfig } from "../validate.js";
import { configIssueText } from "./error-text.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { compactTable } from "./table.js";

/** Prints what is wrong with a configuration, and what its contracts do. */
export async function validate(file: string, options: OutputOptions): Promise<number> {
  const output = new Output(options);
  const report = await validateConfig(file);
  if (output.isJson) output.event("validation", report);
  else output.line(reportText(file, report));
  return report.ok ? EXIT.ok : EXIT.unusable;
}

export function reportText(file: string, { ok, issues, queries }: ConfigReport): string {
  const verdict = ok
    ? pc.green(`${file} is valid`)
    : pc.red(`${file}: ${issuesTitle(issues.length)}`);
  const tables = queries
    .filter(({ coverage }) => coverage.length > 0)
    .map(
      ({ name, coverage }) => `${pc.bold(name)}: ${tally(coverage)}\n${coverageTable(coverage)}`,
    );
  return [...issues.map(configIssueText), ...tables, verdict].join("\n\n");
}

function issuesTitle(total: number): string {
  return total === 1 ? "1 issue" : `${total} issues`;
}

const STATUS = {
  enforced: pc.green("enforced"),
  not_enforceable: pc.yellow("not enforced"),
  informational: pc.dim("informational"),
};

function tally(coverage: readonly RuleCoverage[]): string {
  const of = (status: RuleCoverage["status"]) =>
    coverage.filter((rule) => rule.status === status).length;
  const counted = [`${of("enforced")} enforced`, `${of("not_enforceable")} not enforced`];
  return [...counted, `${of("informational")} informational`].join(", ");
}

function coverageTable(coverage: readonly RuleCoverage[]): string {
  const table = compactTable(["line", "path", "rule", "status", "why"]);
  for (const { line, path, rule, status, reason } of coverage) {
    table.push([line ?? "", path, rule, STATUS[status], reason ?? ""]);
  }
  return table.toString();
}
