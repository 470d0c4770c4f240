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
  return read("summary", path);
}

/** Rows of a DuckDB query over the table, which is called `t`; bytes come in hexadecimal. */
export async function queryTable<Row = Record<string, unknown>>(
  path: string,
  sql: string,
): Promise<Row[]> {
  return read("query", path, sql);
}

export async function countRows(path: string): Promise<number> {
  const [row] = await queryTable<{ n: number }>(path, "SELECT count(*) AS n FROM t");
  return row?.n ?? 0;
}

async function read<Answer>(mode: string, path: string, ...rest: string[]): Promise<Answer> {
  // Straight from the store, whatever a test put between it and the engine.
  const env = path.startsWith("s3://") ? storeOptions(inject("s3")) : {};
  return JSON.parse(await run(await readers(), [script, mode, path, ...rest], { env }));
}
