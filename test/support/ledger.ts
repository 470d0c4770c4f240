import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What the ledgers of an output say of one partition, from the first batch to the last. */
export interface PartitionLedger {
  topic: string;
  topicId: string;
  partition: number;
  start: number;
  /** Exclusive. */
  end: number;
  records: number;
  gaps: number;
  lost: number;
}

/** Read from the log itself, one sum a partition of a topic id, in the order of their first batches. */
export async function ledgersOf(table: string): Promise<PartitionLedger[]> {
  const log = join(table, "_delta_log");
  const entries = (await readdir(log)).filter((name) => /^\d{20}\.json$/.test(name)).sort();
  const sums = new Map<string, PartitionLedger>();
  for (const entry of entries) {
    for (const range of batchOf(await readFile(join(log, entry), "utf8"))) {
      const key = `${range.topic}@${range.topicId}/${range.partition}`;
      const sum = sums.get(key);
      if (sum === undefined) {
        sums.set(key, { ...range });
        continue;
      }
      sum.end = range.end;
      sum.records += range.records;
      sum.gaps += range.gaps;
      sum.lost += range.lost;
    }
  }
  return [...sums.values()];
}

function batchOf(entry: string): PartitionLedger[] {
  for (const line of entry.trimEnd().split("\n")) {
    const account = JSON.parse(line).commitInfo?.headgate;
    if (account?.kind === "batch") return account.partitions ?? [];
  }
  return [];
}
