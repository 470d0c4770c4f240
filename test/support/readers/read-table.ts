import { join } from "node:path";
import { inject } from "vitest";
import { run } from "../command.ts";
import { storeOptions } from "../s3/lake.ts";
import { readers, readersFolder } from "./environment.ts";

export interface Bounds {
  nulls: number | null;
  min: unknown;
  max: unknown;
}

export interface ReaderSummary {
  rows: number;
  columns: Record<string, Bounds & { type: string }>;
}

export interface TableSummary {
  duckdb: ReaderSummary;
  datafusion: ReaderSummary;
  /** What the `add` actions of the log say, without reading a file. */
  log: {
    rows: number;
    version: number;
    files: number;
    partitionColumns: string[];
    columns: Record<string, Bounds>;
  };
}

const script = join(readersFolder, "read_table.py");

/** What independent implementations say of a table: counts, types, nulls and bounds. */
export async function summarize(path: string): Promise<TableSummary> {
  return read(storeOf(path), "summary", path);
}

/**
 * Rows of a DuckDB query over the table, which is called `t`; bytes come in hexadecimal. Outside a
 * run of vitest `environment` tells of the store, if the table lies in one.
 */
export async function queryTable<Row = Record<string, unknown>>(
  path: string,
  sql: string,
  environment = storeOf(path),
): Promise<Row[]> {
  return read(environment, "query", path, sql);
}

export async function countRows(path: string): Promise<number> {
  const [row] = await queryTable<{ n: number }>(path, "SELECT count(*) AS n FROM t");
  return row?.n ?? 0;
}

/** Straight at the store, whatever a test put between it and the engine. */
function storeOf(path: string): Record<string, string> {
  return path.startsWith("s3://") ? storeOptions(inject("s3")) : {};
}

async function read<Answer>(env: Record<string, string>, ...args: string[]): Promise<Answer> {
  return JSON.parse(await run(await readers(), [script, ...args], { env }));
}
