import type { SqlTransformConfig, TransformConfig } from "../config/types.js";
import type { TransformFunction } from "../transforms.js";
import type { StreamFunction } from "./stream-function.js";

/** One thing that is done to each row, as the user asked for it and as a node has it. */
export interface StreamStep {
  /** `filter("value > 0")`. */
  name: string;
  transform: TransformConfig;
  /** What the function of the transform does. */
  apply?: TransformFunction;
}

export function sqlStep(name: string, sql: string): StreamStep {
  return { name: `${name}(${JSON.stringify(sql)})`, transform: { sql } };
}

export function functionStep({ name, schema, apply }: StreamFunction): StreamStep {
  return { name: `transform(${name})`, transform: { function: name, schema }, apply };
}

export function selectStep(expressions: readonly string[]): StreamStep {
  const sql = `SELECT ${expressions.join(", ")} FROM input`;
  return { name: `select(${listed(expressions)})`, transform: { sql } };
}

export function filterStep(condition: string): StreamStep {
  const sql = `SELECT * FROM input WHERE (${condition})`;
  return { name: `filter(${JSON.stringify(condition)})`, transform: { sql } };
}

/** `columns`: those that there are. The new one takes the place of one of its name. */
export function columnStep(
  column: string,
  expression: string,
  columns: readonly string[],
): StreamStep {
  const made = `(${expression}) AS ${quoted(column)}`;
  const kept = columns.map((each) => (each === column ? made : quoted(each)));
  const all = columns.includes(column) ? kept : [...kept, made];
  return {
    name: `withColumn(${listed([column, expression])})`,
    transform: { sql: `SELECT ${all.join(", ")} FROM input` },
  };
}

/** These columns and no others. */
export function projection(columns: readonly string[]): SqlTransformConfig {
  return { sql: `SELECT ${columns.map(quoted).join(", ")} FROM input` };
}

function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`;
}

function listed(texts: readonly string[]): string {
  return texts.map((text) => JSON.stringify(text)).join(", ");
}
