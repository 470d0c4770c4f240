import type { Destination } from "../support/coordinates.ts";

/** What is known of one record: where it belongs, if anybody produced it, and where it was found. */
interface Seen {
  expected: Destination | undefined;
  found: Destination[];
}

/** Enough to see what went wrong. */
const SHOWN = 20;

/**
 * Compares the records of a topic with those found in tables. It remembers only those that the
 * tables still owe: below the floor of a partition all is settled, and what is found there once
 * more is doubled. So memory follows the lag, not the length of the run.
 */
export class Window {
  /** Records that a partition's consumer is given. */
  produced = 0;
  /** Of them, those that are in their table, once. */
  sound = 0;
  lost = 0;
  doubled = 0;
  /** Rows found in each table, as often as they are there. */
  readonly rows: Record<Destination, number> = { output: 0, rejects: 0, deadLetters: 0 };
  /** The first of what is wrong, in words. */
  readonly wrong: string[] = [];
  readonly #partitions = new Map<number, Partition>();

  /** A record of the topic; told again, it counts once. */
  expect(partition: number, offset: number, destination: Destination): void {
    const at = this.#at(partition);
    if (offset < at.known) return;
    this.produced += 1;
    at.known = offset + 1;
    at.seen(offset).expected = destination;
  }

  /** No record comes below `end` any more. */
  known(partition: number, end: number): void {
    const at = this.#at(partition);
    at.known = Math.max(at.known, end);
  }

  find(partition: number, offset: number, times: number, destination: Destination): void {
    const at = this.#at(partition);
    this.rows[destination] += times;
    if (offset < at.floor) {
      this.doubled += 1;
      this.#tell(`${partition}/${offset}: settled, and found in ${destination} again`);
      return;
    }
    at.seen(offset).found.push(...new Array<Destination>(times).fill(destination));
  }

  /** The tables say that they hold all of a partition up to `end`, payments included. */
  settle(partition: number, end: number): void {
    this.#at(partition).due = end;
  }

  /** Looks at all that is settled and known, whichever came last. */
  judge(): void {
    for (const [partition, at] of this.#partitions) {
      const past = Math.min(at.due, at.known);
      for (; at.floor < past; at.floor += 1) {
        const seen = at.open.get(at.floor);
        if (seen !== undefined) this.#judge(`${partition}/${at.floor}`, seen);
        at.open.delete(at.floor);
      }
    }
  }

  isSettledTo(ends: ReadonlyMap<number, number>): boolean {
    return [...ends].every(([partition, end]) => this.#at(partition).floor >= end);
  }

  /** Nothing more will be found. */
  close(): void {
    for (const at of this.#partitions.values()) {
      for (const offset of at.open.keys()) at.known = Math.max(at.known, offset + 1);
      at.due = at.known;
    }
    this.judge();
  }

  #judge(name: string, { expected, found }: Seen): void {
    if (found.length === 1 && found[0] === expected) {
      this.sound += 1;
      return;
    }
    if (expected !== undefined && found.length === 0) this.lost += 1;
    if (found.length > 1) this.doubled += 1;
    const where = found.length === 0 ? "nowhere" : `in ${found.join(", ")}`;
    this.#tell(`${name}: ${expected ?? "never produced"}, found ${where}`);
  }

  #tell(text: string): void {
    if (this.wrong.length < SHOWN) this.wrong.push(text);
  }

  #at(partition: number): Partition {
    const at = this.#partitions.get(partition) ?? new Partition();
    this.#partitions.set(partition, at);
    return at;
  }
}

class Partition {
  /** Below it all is settled. */
  floor = 0;
  /** Below it the tables are complete, as they say. */
  due = 0;
  /** Below it all records of the topic are known. */
  known = 0;
  readonly open = new Map<number, Seen>();

  seen(offset: number): Seen {
    const seen = this.open.get(offset) ?? { expected: undefined, found: [] };
    this.open.set(offset, seen);
    return seen;
  }
}
