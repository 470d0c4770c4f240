import { type Destination, RUNS, type Run } from "../support/coordinates.ts";
import { queryTable } from "../support/readers/read-table.ts";
import type { Lake } from "./lake.ts";

/** What the tables hold of `[0, count)` records. */
export interface Account {
  lost: number;
  doubled: number;
  /** The first of what is wrong, in words. */
  wrong: string[];
}

/** Enough to see what went wrong. */
const SHOWN = 20;

/** What is known of the records that were produced. */
export interface Produced {
  count: number;
  indexOf(partition: number, offset: number): number | undefined;
  /** Null for a record that is to be in no table any more. */
  destinationOf(index: number): Destination | null;
}

/**
 * Compares every coordinate produced with every coordinate stored: a byte a record and table,
 * where `differences` of the test support keeps words.
 */
export async function account(
  { tables, environment }: Pick<Lake, "tables" | "environment">,
  { count, indexOf, destinationOf }: Produced,
): Promise<Account> {
  const found: Account = { lost: 0, doubled: 0, wrong: [] };
  const times = {
    output: new Uint8Array(count),
    rejects: new Uint8Array(count),
    deadLetters: new Uint8Array(count),
  };
  const tell = (text: string) => {
    if (found.wrong.length < SHOWN) found.wrong.push(text);
  };
  for (const destination of Object.keys(times) as Destination[]) {
    const counted = times[destination];
    for (const run of await queryTable<Run>(tables[destination], RUNS, environment)) {
      for (let offset = run.low; offset < run.past; offset += 1) {
        const index = indexOf(run.partition, offset);
        if (index !== undefined && index < count) counted[index] = run.times;
        else tell(`${run.partition}/${offset}: never produced, found in ${destination}`);
      }
    }
  }
  for (let index = 0; index < count; index += 1) {
    const { output, rejects, deadLetters } = times;
    const total = (output[index] ?? 0) + (rejects[index] ?? 0) + (deadLetters[index] ?? 0);
    const destination = destinationOf(index);
    if (destination === null ? total === 0 : total === 1 && times[destination][index] === 1)
      continue;
    if (total === 0) found.lost += 1;
    if (total > 1) found.doubled += 1;
    const places = Object.entries(times).map(([name, counted]) => `${name}: ${counted[index]}`);
    tell(
      `record ${index}: expected in ${destination ?? "no table"}, found in ${places.join(", ")}`,
    );
  }
  return found;
}
