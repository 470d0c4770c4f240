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
  const sums = new Map<string, PartitionLedger>();
  for (const range of await partitionsOf(table, "batch")) {
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
  return [...sums.values()];
}

/** Where the query's first commit starts each partition; empty before there is one. */
export async function startsOf(table: string): Promise<number[]> {
  const starts = await partitionsOf(table, "start").catch(() => []);
  return starts.map(({ start }) => start);
}

async function partitionsOf(table: string, kind: "start" | "batch"): Promise<PartitionLedger[]> {
  const accounts = await accountsOf(table, kind);
  return accounts.flatMap(({ account }) => account.partitions ?? []);
}

export interface Account {
  kind: string;
  /** Its UUID. */
  batch: string;
  partitions?: PartitionLedger[];
  /** That judged it. */
  contract?: { id: string; version: string; hash: string };
  verdict?: { rowCount: number; status: string; violations: number };
}

/** What Headgate's entries of a log say of themselves, in order. */
export async function accountsOf(
  table: string,
  kind: "start" | "batch" | "block",
): Promise<{ version: number; account: Account }[]> {
  const log = join(table, "_delta_log");
  const entries = (await readdir(log)).filter((name) => /^\d{20}\.json$/.test(name)).sort();
  const texts = await Promise.all(entries.map((entry) => readFile(join(log, entry), "utf8")));
  return texts.flatMap((text, at) => {
    const infos = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).commitInfo);
    const version = Number.parseInt(entries[at] ?? "", 10);
    const accounts = infos.map((info) => info?.headgate as Account | undefined);
    return accounts.flatMap((account) => (account?.kind === kind ? [{ version, account }] : []));
  });
}
