import pc from "picocolors";
import { compactTable } from "../cli/table.js";
import { count } from "../cli/text.js";
import { unwrap } from "../failure.js";
import { native } from "../native.js";
import type { GateTable } from "./gates.js";
import { sumOf, type Tally } from "./tally.js";

export interface Summary {
  produced: number;
  accepted: number;
  rejected: number;
  deadLetters: number;
  skipped: number;
  tables: (GateTable & { rows: number })[];
}

/** Counts the rows of every table, and sums what the batches said of them. */
export async function summarise(produced: number, tallies: readonly Tally[]): Promise<Summary> {
  const { accepted, rejected, deadLetters, skipped } = sumOf(tallies);
  const tables: Summary["tables"] = [];
  for (const table of tallies.flatMap((tally) => tally.tables)) {
    const rows = unwrap(await native().tableTotals(table.path), "rows");
    tables.push({ ...table, rows: Number(rows) });
  }
  return { produced, accepted, rejected, deadLetters, skipped, tables };
}

/** True when every record produced is in exactly one table, by the batches and by the tables. */
export function balances(summary: Summary): boolean {
  const { produced, accepted, rejected, deadLetters, skipped, tables } = summary;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return produced === accepted + rejected + deadLetters + skipped && produced === rows + skipped;
}

export function summaryText(summary: Summary): string {
  const { produced, accepted, rejected, deadLetters, skipped, tables } = summary;
  const table = compactTable(["table", "rows", "where"]);
  for (const { name, rows, path } of tables) {
    table.push([name, { content: count(rows), hAlign: "right" }, path]);
  }
  const sum = [
    `produced ${count(produced)} = accepted ${count(accepted)}`,
    `rejected ${count(rejected)}`,
    `dead letters ${count(deadLetters)}`,
    ...(skipped > 0 ? [`skipped ${count(skipped)}`] : []),
  ].join(" + ");
  const verdict = balances(summary)
    ? pc.green("balances to the record")
    : pc.red("DOES NOT BALANCE");
  return `${table.toString()}\n${sum}: ${verdict}`;
}

interface RejectedRow {
  _violations?: { rule: string; column?: string | null }[];
  [column: string]: unknown;
}

const NUM_SAMPLES = 5;
const ROWS_LOOKED_AT = 200;

/** Rejections with their violations, of as many different rules as can be had. */
export async function sampleRejections(tallies: readonly Tally[]): Promise<string> {
  const found: RejectedRow[] = [];
  for (const { path, role } of tallies.flatMap(({ tables }) => tables)) {
    if (role !== "rejects") continue;
    const rows = unwrap(await native().previewTable(path, ROWS_LOOKED_AT), "rowsJson");
    found.push(...(JSON.parse(rows) as RejectedRow[]));
  }
  const rulesOf = (row: RejectedRow) => row._violations?.map(({ rule }) => rule).join() ?? "";
  const distinct = new Map(found.map((row) => [rulesOf(row), row]));
  const samples = [...new Set([...distinct.values(), ...found])].slice(0, NUM_SAMPLES);
  return samples.map(sampleText).join("\n");
}

function sampleText(row: RejectedRow): string {
  const place = `${row._kafka_topic}/${row._kafka_partition}@${row._kafka_offset}`;
  const violations = (row._violations ?? []).map(({ rule, column }) => {
    const top = column?.split(".")[0];
    const value = top === undefined ? undefined : row[top];
    const held =
      value === undefined || value === null ? "" : pc.dim(` (${column}: ${JSON.stringify(value)})`);
    return `${pc.yellow(rule)}${held}`;
  });
  return `  ${place}  ${violations.join(", ")}`;
}
