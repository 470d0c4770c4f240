import type { Destination } from "../support/coordinates.ts";
import type { Foreign } from "./foreign.ts";
import type { SoakLake } from "./lake.ts";
import { type Account, type LogEntry, logEntry } from "./log-entry.ts";
import type { Window } from "./window.ts";

/** The output first: what it owes a side table may be paid by the time that one is read. */
const ORDER: readonly Destination[] = ["output", "rejects", "deadLetters"];
const ROLES: Record<string, Destination> = { rejects: "rejects", dead_letters: "deadLetters" };

/** A batch whose side tables may not be paid yet. */
interface Unpaid {
  version: number;
  owes: Destination[];
  ends: Map<number, number>;
}

/**
 * Follows the logs of the three tables, looks into every file that a commit adds, and settles the
 * window as far as the tables say that they are complete. Throws when a ledger is wrong, or when a
 * foreign commit changes rows.
 */
export class Checker {
  /** Records that the ledgers account for. */
  committed = 0;
  readonly #lake: SoakLake;
  readonly #foreign: Foreign;
  readonly #window: Window;
  readonly #versions: Record<Destination, number> = { output: 0, rejects: 0, deadLetters: 0 };
  /** The last output version that each side table has paid. */
  readonly #paid: Record<Destination, number> = { output: 0, rejects: 0, deadLetters: 0 };
  readonly #positions = new Map<number, number>();
  readonly #unpaid: Unpaid[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(lake: SoakLake, foreign: Foreign, window: Window) {
    this.#lake = lake;
    this.#foreign = foreign;
    this.#window = window;
  }

  /** Reads on to the tips of the logs. */
  check(): Promise<void> {
    return this.alone(async () => {});
  }

  /** The same, and then `work`, while no other check runs: it may delete what is checked. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(async () => {
      for (const table of ORDER) await this.#follow(table);
      this.#settle();
      this.#window.judge();
      return work();
    });
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #follow(table: Destination): Promise<void> {
    const added: string[] = [];
    for (;;) {
      const text = await this.#lake.entry(table, this.#versions[table]);
      if (text === undefined) break;
      const entry = logEntry(text);
      await this.#holdToRows(table, entry);
      added.push(...entry.added);
      if (entry.account) this.#account(table, entry.account);
      this.#versions[table] += 1;
    }
    if (added.length === 0) return;
    for (const { partition, low, past, times } of await this.#runs(table, added)) {
      for (let offset = low; offset < past; offset += 1) {
        this.#window.find(partition, offset, times, table);
      }
    }
  }

  async #holdToRows(table: Destination, { rewritten }: LogEntry): Promise<void> {
    const { added, removed } = rewritten;
    if (added.length + removed.length === 0) return;
    const place = (path: string) => this.#path(table, path);
    const count = await this.#foreign.differences(added.map(place), removed.map(place));
    if (count > 0) throw new Error(`${table}: rewriting files changed ${count} rows`);
  }

  #account(table: Destination, { kind, partitions = [], debts = [], pays }: Account): void {
    if (pays !== undefined) this.#paid[table] = pays[1];
    if (kind === "start") {
      for (const { partition, start } of partitions) this.#positions.set(partition, start);
    }
    if (kind !== "batch") return;
    const version = this.#versions[table];
    const ends = new Map<number, number>();
    for (const { partition, start, end, records, lost } of partitions) {
      const before = this.#positions.get(partition);
      if (before !== start || end <= start || lost > 0) {
        const range = `[${start}, ${end}) after ${before}, ${lost} lost`;
        throw new Error(`output version ${version}, partition ${partition}: ${range}`);
      }
      this.#positions.set(partition, end);
      ends.set(partition, end);
      this.committed += records;
    }
    this.#unpaid.push({ version, owes: debts.map(({ role }) => destinationOf(role)), ends });
  }

  #settle(): void {
    for (;;) {
      const [first] = this.#unpaid;
      if (first === undefined) return;
      const { version, owes, ends } = first;
      if (owes.some((table) => this.#paid[table] < version)) return;
      for (const [partition, end] of ends) this.#window.settle(partition, end);
      this.#unpaid.shift();
    }
  }

  #runs(table: Destination, files: readonly string[]) {
    return this.#foreign.runs(files.map((file) => this.#path(table, file)));
  }

  #path(table: Destination, file: string): string {
    return `${this.#lake.tables[table]}/${file}`;
  }
}

function destinationOf(role: string): Destination {
  const destination = ROLES[role];
  if (destination === undefined) throw new Error(`a debt to a table that is none: ${role}`);
  return destination;
}
