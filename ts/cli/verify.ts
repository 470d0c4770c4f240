import pc from "picocolors";
import {
  type PartitionStanding,
  type VerifiedRows,
  type VerifyReport,
  verifyTable,
} from "../verify.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { compactTable } from "./table.js";
import { columns, count } from "./text.js";

export type VerifyCommandOptions = OutputOptions & {
  deep?: boolean;
  kafka?: string;
  kafkaOption?: Readonly<Record<string, string>>;
};

/** Prints what the ledgers of a table say; the first break fails the command. */
export async function verify(table: string, options: VerifyCommandOptions): Promise<number> {
  const output = new Output(options);
  const { deep, kafka, kafkaOption } = options;
  const brokers = kafka && { "kafka.bootstrap.servers": kafka, ...kafkaOption };
  const report = await verifyTable(table, { deep, kafka: brokers || undefined });
  if (output.isJson) output.event("verification", report);
  else output.line(verifyText(report));
  return report.ok ? EXIT.ok : EXIT.failed;
}

export function verifyText(report: VerifyReport): string {
  const { table, version, ok, batches, breaks, openDebts } = report;
  const [first, ...more] = breaks;
  const where = `${table} at version ${version}`;
  const totals: [string, string][] = [
    ["batches", count(batches)],
    ["records", count(report.records)],
    ["accepted", count(report.accepted)],
    ["rejected", count(report.rejected)],
    ["dead letters", count(report.deadLetters)],
    ["skipped", count(report.skipped)],
    ["rerouted", count(report.rerouted)],
    ["gaps", count(report.gaps)],
    ["lost", count(report.lost)],
    ["open debts", count(openDebts)],
    ...report.sideTables.map(({ role, path, rows, paidTo }): [string, string] => [
      role,
      `${path}: ${count(rows)} rows, paid to version ${paidTo}`,
    ]),
    ...(report.rows === undefined ? [] : rowTotals(report.rows)),
  ];
  const verdict = ok
    ? pc.green(`${where} verifies`)
    : `${pc.red(`${where} does not verify`)}: ${first ?? "no break named"}`;
  const others = more.length > 0 ? [pc.dim(`and ${more.length} more; --json lists them`)] : [];
  const partitions = report.partitions.length > 0 ? [partitionTable(report.partitions)] : [];
  return [columns(totals), ...partitions, verdict, ...others].join("\n");
}

function rowTotals(rows: VerifiedRows): [string, string][] {
  const apart: [string, bigint][] = [
    ["of older batches", rows.older],
    ["of records read again", rows.reread],
    ["of other writers", rows.foreign],
  ];
  return [
    ["rows compared", count(rows.compared)],
    ...apart
      .filter(([, found]) => found > 0n)
      .map(([what, found]): [string, string] => [`  ${what}`, count(found)]),
    ...rows.removed.map(({ table, rows, by }): [string, string] => [
      "rows removed",
      `${count(rows)} from ${table}, by ${by.map(({ version, operation }) => `${operation} at version ${version}`).join(", ")}`,
    ]),
    ...rows.unchecked.map((table): [string, string] => [
      "not compared",
      `${table}: no coordinates`,
    ]),
  ];
}

function partitionTable(partitions: readonly PartitionStanding[]): string {
  const shown = (offset: bigint | undefined) => (offset === undefined ? "none" : count(offset));
  const table = compactTable(["partition", "query", "next", "first in Kafka", "end", "lag"]);
  for (const { topic, partition, query, next, first, end } of partitions) {
    const lag = next === undefined || end === undefined ? "" : count(end - next);
    const place = `${topic}-${partition}`;
    table.push([place, query ?? "not read yet", shown(next), shown(first), shown(end), lag]);
  }
  return table.toString();
}
