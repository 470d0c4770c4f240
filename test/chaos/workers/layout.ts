import { records } from "../../support/events.ts";
import type { Outgoing } from "../../support/kafka/topics.ts";

// Where the records lie: by arithmetic, so that millions of them need no memory.

export const PARTITIONS = 12;
/** Damage comes every 20 records; runs of four bring it to every partition. */
const RUN = 4;

export function partitionOf(index: number): number {
  return Math.floor(index / RUN) % PARTITIONS;
}

/** The index of the record at an offset. */
export function indexOf(partition: number, offset: number): number {
  return (Math.floor(offset / RUN) * PARTITIONS + partition) * RUN + (offset % RUN);
}

/** Records `[from, from + count)`. */
export function laidOut(count: number, from: number): Outgoing[] {
  return records(count, { from }).map((record, at) => ({
    ...record,
    partition: partitionOf(from + at),
  }));
}
