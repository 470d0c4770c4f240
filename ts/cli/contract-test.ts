import { writeFile } from "node:fs/promises";
import pc from "picocolors";
import { type ContractTestReport, type TestedRule, testContract } from "../contract/test.js";
import type { ContractOptions } from "./contract-check.js";
import { EXIT } from "./exit-codes.js";
import { junitReport } from "./junit.js";
import { Output } from "./output.js";
import { compactTable } from "./table.js";
import { amount, count } from "./text.js";

export type ContractTestCommandOptions = ContractOptions & {
  format?: ContractTestReport["format"];
  version?: number;
  samples: number;
  junit?: string;
};

/** Prints what the rules of a contract found in data; what would block fails the command. */
export async function contractTest(
  contract: string,
  data: string,
  options: ContractTestCommandOptions,
): Promise<number> {
  const output = new Output(options);
  const report = await testContract(contract, data, options);
  if (options.junit !== undefined) await writeFile(options.junit, junitReport(report));
  if (output.isJson) output.event("contract_test", report);
  else output.line(testText(report));
  return report.ok ? EXIT.ok : EXIT.failed;
}

export function testText(report: ContractTestReport): string {
  const { contract, source, format, version, rows, violatingRows } = report;
  const { undecodable, rules, notEnforced } = report;
  const read = version === undefined ? format : `${format}, version ${version}`;
  const title = `${pc.bold(source)} (${read}) by ${contract.id} ${contract.version}`;
  const records = undecodable.samples.map(
    ({ line, kind, message }) => `  line ${count(line)}: ${kind}, ${message}`,
  );
  const left = notEnforced.map(({ line, path, rule, reason }) => {
    const at = line === undefined ? "" : ` (line ${line})`;
    return `  ${rule} at ${path}${at}: ${reason ?? "no reason given"}`;
  });
  const totals = [
    amount(rows, "row"),
    `${count(violatingRows)} with violations`,
    amount(undecodable.count, "undecodable record"),
  ].join(", ");
  return [
    title,
    ruleTable(rules),
    ...(records.length > 0 ? [["undecodable:", ...records].join("\n")] : []),
    ...(left.length > 0 ? [pc.dim(["not enforced:", ...left].join("\n"))] : []),
    report.ok ? pc.green(`${totals}: holds`) : pc.red(`${totals}: does not hold`),
  ].join("\n");
}

function ruleTable(rules: readonly TestedRule[]): string {
  const table = compactTable(["rule", "column", "severity", "violations", "measured", "first at"]);
  for (const { rule, column, severity, violations, measured, unmeasured, rows } of rules) {
    const colour = violations === 0 ? pc.green : severity === "block" ? pc.red : pc.yellow;
    const value = String(measured ?? unmeasured ?? "");
    table.push([rule, column ?? "", severity, colour(count(violations)), value, rows.join(", ")]);
  }
  return table.toString();
}
