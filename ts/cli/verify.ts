import pc from "picocolors";
import { type VerifyReport, verifyTable } from "../verify.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { columns, count } from "./text.js";

/** Prints what the ledgers of a table say; the first break fails the command. */
export async function verify(table: string, options: OutputOptions): Promise<number> {
  const output = new Output(options);
  const report = await verifyTable(table);
  if (output.isJson) output.event("verification", report);
  else output.line(verifyText(report));
  return report.ok ? EXIT.ok : EXIT.failed;
}

export function verifyText(report: VerifyReport): string {
  const { table, version, ok, batches, breaks, openDebts } = report;
  const [first, ...more] = breaks;
  const where = `${table} at version ${version}`;
  const rows: [string, string][] = [
    ["batches", count(batches)],
    ["records", count(report.records)],
    ["accepted", count(report.accepted)],
    ["rejected", count(report.rejected)],
    ["dead letters", count(report.deadLetters)],
    ["skipped", count(report.skipped)],
    ["gaps", count(report.gaps)],
    ["lost", count(report.lost)],
    ["open debts", count(openDebts)],
    ...report.sideTables.map(({ role, path, rows, paidTo }): [string, string] => [
      role,
      `${path}: ${count(rows)} rows, paid to version ${paidTo}`,
    ]),
  ];
  const verdict = ok
    ? pc.green(`${where} verifies`)
    : `${pc.red(`${where} does not verify`)}: ${first ?? "no break named"}`;
  const others = more.length > 0 ? [pc.dim(`and ${more.length} more; --json lists them`)] : [];
  return [columns(rows), verdict, ...others].join("\n");
}
