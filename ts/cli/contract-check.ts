import pc from "picocolors";
import { type ContractReport, checkContract } from "../contract/check.js";
import type { ContractFinding } from "../contract/findings.js";
import { coverageTable, tally } from "./coverage.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { amount, columns } from "./text.js";

export type ContractOptions = OutputOptions & { schema?: string };

/** Prints what becomes of each rule of a contract; errors of the document fail the command. */
export async function contractCheck(contract: string, options: ContractOptions): Promise<number> {
  const output = new Output(options);
  const report = await checkContract(contract, options);
  if (output.isJson) output.event("contract_check", report);
  else output.line(checkText(contract, report));
  return report.ok ? EXIT.ok : EXIT.failed;
}

export function checkText(file: string, { ok, rules, errors, warnings }: ContractReport): string {
  const found = [
    ...errors.map((error) => findingText(pc.red("error"), file, error)),
    ...warnings.map((warning) => findingText(pc.yellow("warning"), file, warning)),
  ];
  const table = rules.length > 0 ? [`${tally(rules)}\n${coverageTable(rules)}`] : [];
  const also = warnings.length > 0 ? `, ${amount(warnings.length, "warning")}` : "";
  const verdict = ok
    ? pc.green(`${file} can be used${also}`)
    : pc.red(`${file} cannot be used: ${amount(errors.length, "error")}${also}`);
  return [...found, ...table, verdict].join("\n\n");
}

function findingText(kind: string, file: string, finding: ContractFinding): string {
  const { path, expected, actual, suggestion, line, column } = finding;
  const at = [file, line, column].filter((part) => part !== undefined).join(":");
  const rows: [string, string][] = [
    ["expected", expected],
    ["actual", actual],
    ...(suggestion === undefined ? [] : [["to do", suggestion] as [string, string]]),
  ];
  return `${kind} ${at} ${pc.bold(path)}`.trimEnd().concat("\n", columns(rows));
}
