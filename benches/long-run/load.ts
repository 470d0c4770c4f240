import { type Outgoing, produce } from "../../test/support/kafka/topics.ts";

/** Values of the partition column, one file each. */
export const FILES_A_COMMIT = 5;
export const ROWS_A_COMMIT = 5 * FILES_A_COMMIT;

const PART_RECORDS = 50_000;

/** In one partition and in turn: each commit holds every value of the partition column. */
export async function fill(bootstrapServers: string, topic: string, rows: number): Promise<void> {
  for (let from = 0; from < rows; from += PART_RECORDS) {
    const count = Math.min(PART_RECORDS, rows - from);
    const part = Array.from({ length: count }, (_, at) => record(from + at));
    await produce(bootstrapServers, topic, part);
  }
}

function record(index: number): Outgoing {
  const mixed = Math.imul(index + 1, 0x9e3779b1) >>> 0;
  const value = {
    seq: index,
    region: `region-${index % FILES_A_COMMIT}`,
    amount: (mixed % 50_000) / 100,
    session: mixed.toString(16).padStart(32, "0"),
  };
  return { value: JSON.stringify(value) };
}
