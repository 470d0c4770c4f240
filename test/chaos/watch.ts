import { setTimeout as sleep } from "node:timers/promises";
import type { Crew } from "./crew.ts";
import type { Flow } from "./flow.ts";
import type { Lake } from "./lake.ts";

const EVERY_MS = 100;
/**
 * Far above the worst rebalance: 6 s until a silent member is out, and at most 30 s of a member
 * that commits what it has to give up.
 */
const STALL_LIMIT_MS = 60_000;
/** What is waited for takes a rebalance, or a few when kills come close together. */
const WAIT_LIMIT_MS = 3 * STALL_LIMIT_MS;

/**
 * Follows the log of the output: how far each partition is committed, and how long it waited. A
 * *wait* is the time in which a partition had records to commit and no commit moved it. A *stall*
 * is that part of a wait in which nobody joined, left, was killed, frozen or thawed: what remains
 * of it is the rebalance.
 */
export class Watch {
  readonly committed: number[] = [];
  /** The next entry to read. */
  version = 0;
  longestWaitMs = 0;
  longestStallMs = 0;
  readonly #lake: Lake;
  readonly #flow: Flow;
  readonly #crew: Crew;
  /** Since when a partition has records to commit. */
  readonly #waiting = new Map<number, number>();
  #isOver = false;
  #broken: unknown;

  constructor(lake: Lake, flow: Flow, crew: Crew) {
    this.#lake = lake;
    this.#flow = flow;
    this.#crew = crew;
    void this.#run().catch((error) => {
      this.#broken = error;
    });
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Waits until it holds; throws when a worker complains or a partition stalls instead. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_LIMIT_MS;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error(`waited ${WAIT_LIMIT_MS} ms in vain: ${what}`);
      await sleep(EVERY_MS);
      this.#check();
    }
  }

  #check(): void {
    this.#crew.check();
    for (const failure of [this.#broken, this.#flow.failure]) {
      if (failure !== undefined) throw failure;
    }
    if (this.longestStallMs > STALL_LIMIT_MS) {
      const behind = this.#flow.ends
        .map((end, partition) => `${partition}: ${this.#at(partition)} of ${end}`)
        .join(", ");
      throw new Error(`a partition stalled for ${this.longestStallMs} ms; ${behind}`);
    }
  }

  /** Until all that is produced by now is committed. */
  async caughtUp(): Promise<void> {
    const ends = [...this.#flow.ends];
    await this.until("all is committed", () =>
      ends.every((end, partition) => this.#at(partition) >= end),
    );
  }

  /** Until each of `partitions`, or every one, has moved. */
  async moved(partitions: readonly number[] = [...this.#flow.ends.keys()]): Promise<void> {
    const before = [...this.committed];
    await this.until("others move what is read", () =>
      partitions.every((one) => this.#at(one) > (before[one] ?? 0)),
    );
  }

  #at(partition: number): number {
    return this.committed[partition] ?? 0;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      while (await this.#readNext()) this.version += 1;
      this.#measure(Date.now());
      await sleep(EVERY_MS);
    }
  }

  async #readNext(): Promise<boolean> {
    const text = await this.#lake.entry(this.version);
    if (text === undefined) return false;
    for (const { partition, end } of ledgerOf(text)) {
      this.committed[partition] = end;
      this.#waiting.delete(partition);
    }
    return true;
  }

  #measure(now: number): void {
    for (const [partition, end] of this.#flow.ends.entries()) {
      if (end <= this.#at(partition)) continue;
      const since = this.#waiting.get(partition) ?? now;
      this.#waiting.set(partition, since);
      this.longestWaitMs = Math.max(this.longestWaitMs, now - since);
      const calm = Math.max(since, this.#crew.changedAt);
      this.longestStallMs = Math.max(this.longestStallMs, now - calm);
    }
  }
}

/** What a commit of Headgate moved. */
function ledgerOf(entry: string): { partition: number; end: number }[] {
  const actions = entry
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return actions.flatMap(({ commitInfo }) => commitInfo?.headgate?.partitions ?? []);
}
