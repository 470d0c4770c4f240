import { z } from "zod";
import { HttpFault } from "../http/faults.js";
import { type Sql, sql } from "./sql.js";

export interface PageAsked {
  limit: number;
  /** Where the page before ended. */
  cursor?: string | undefined;
}

export interface PageOf<T> {
  items: readonly T[];
  /** Of the page after; absent on the last. */
  next?: string;
}

/** Tells where a page ended, in a form that is nobody's business but ours. */
export function cursorOf(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

const numbers = z.array(z.number().int()).max(4);
const texts = z.array(z.string().max(1_024)).max(4);

export function placeOf(cursor: string | undefined, length: number): readonly number[] | undefined {
  return read(cursor, length, numbers);
}

export function namePlaceOf(cursor: string | undefined): string | undefined {
  return read(cursor, 1, texts)?.[0];
}

function read<T>(cursor: string | undefined, length: number, schema: z.ZodType<T[]>) {
  if (cursor === undefined) return undefined;
  const fault = () => new HttpFault(422, "the cursor is not one that a page of this list answered");
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    throw fault();
  }
  const { data } = schema.safeParse(place);
  if (data?.length !== length) throw fault();
  return data;
}

/** Rows before a place, the newest first. */
export function before(column: Sql, place: readonly number[] | undefined): Sql | undefined {
  return place && sql`${column} < ${place[0] ?? 0}`;
}

/** Rows before a time and, of the same time, before an id. */
export function beforeMoment(
  ms: Sql,
  id: Sql,
  place: readonly number[] | undefined,
): Sql | undefined {
  return place && sql`(${ms}, ${id}) < (${place[0] ?? 0}, ${place[1] ?? 0})`;
}

/** Of `limit + 1` rows that were asked for, a page, and whether there is more. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  read: (row: Row) => T,
  place: (row: Row) => readonly (string | number)[],
): PageOf<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return { items: items.map(read), ...(!isLast && { next: cursorOf(place(last)) }) };
}
