import type { StreamingBatch } from "headgate";
import { expect } from "vitest";
import { headgate } from "./cli.ts";
import { type Destination, differences } from "./coordinates.ts";
import type { Coordinate } from "./kafka/topics.ts";
import { type Lake, totals } from "./query.ts";

/**
 * Each record, in the order of `produced`, is counted and lies where `to` says, `null` for nowhere, and
 * the ledgers hold. Answers the tables that have rows.
 */
export async function expectSplit(
  lake: Lake,
  batches: readonly StreamingBatch[],
  produced: readonly Coordinate[],
  to: readonly (Destination | null)[],
): Promise<[Destination, string][]> {
  const count = (of: Destination | null) => to.filter((each) => each === of).length;
  expect(totals(batches)).toMatchObject({
    records: to.length,
    accepted: count("output"),
    rejected: count("rejects"),
    deadLetters: count("deadLetters"),
    skipped: count(null),
  });
  const tables = Object.entries(lake) as [Destination, string][];
  const used = tables.filter(([name]) => count(name) > 0);
  expect(await differences(Object.fromEntries(used), produced, (at) => to[at] ?? null)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
  return used;
}
