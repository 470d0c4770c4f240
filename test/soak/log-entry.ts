/** An entry of a Delta log, as far as it matters here. */
export interface LogEntry {
  /** Files that brought rows. */
  added: string[];
  /** Files that hold the rows of others anew, and those others. */
  rewritten: { added: string[]; removed: string[] };
  /** Headgate's own words, absent from the commits of others. */
  account: Account | undefined;
}

export interface Account {
  kind: string;
  partitions?: { partition: number; start: number; end: number; records: number; lost: number }[];
  debts?: { role: string }[];
  /** In a payment: the output versions `(from, to]` that it covers. */
  pays?: [number, number];
}

interface Action {
  add?: { path: string; dataChange: boolean };
  remove?: { path: string; dataChange: boolean };
  commitInfo?: { headgate?: Account };
}

export function logEntry(text: string): LogEntry {
  const entry: LogEntry = { added: [], rewritten: { added: [], removed: [] }, account: undefined };
  for (const line of text.trim().split("\n")) {
    const { add, remove, commitInfo }: Action = JSON.parse(line);
    if (add) (add.dataChange ? entry.added : entry.rewritten.added).push(decodeURI(add.path));
    if (remove?.dataChange) throw new Error(`rows were removed with ${remove.path}`);
    if (remove) entry.rewritten.removed.push(decodeURI(remove.path));
    entry.account ??= commitInfo?.headgate;
  }
  return entry;
}
