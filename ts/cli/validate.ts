import pc from "picocolors";
import { type ConfigReport, validateConfig } from "../validate.js";
import { coverageTable, tally } from "./coverage.js";
import { configIssueText } from "./error-text.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";

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
