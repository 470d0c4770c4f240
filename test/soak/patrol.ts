import { setTimeout as sleep } from "node:timers/promises";
import type { Crew } from "../chaos/crew.ts";
import type { Checker } from "./checker.ts";
import type { Faults } from "./faults.ts";
import type { Load } from "./load.ts";
import type { WorkerMemory } from "./memory.ts";
import type { TopicReader } from "./topic-reader.ts";
import type { Window } from "./window.ts";

const EVERY_MS = 2_000;
const MINUTE_MS = 60_000;
/** Far above a broker's outage, a rebalance with a frozen member and a debt's minute together. */
const STALL_LIMIT_MS = 180_000;

export interface Watched {
  crew: Crew;
  load: Load;
  reader: TopicReader;
  checker: Checker;
  window: Window;
  faults: Faults;
  memory: WorkerMemory;
}

/** Checks again and again, and prints a line each minute. */
export class Patrol {
  /** Set by whoever breaks off. */
  failure: unknown;
  readonly #watched: Watched;
  readonly #began = Date.now();
  #minutes = 0;
  #sound = 0;
  #soundAt = Date.now();

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Until the tables are there and hold something. */
  async settledSome(): Promise<void> {
    while (this.#watched.window.sound === 0) await this.#round();
  }

  /** Until so much time is over. */
  async last(minutes: number): Promise<void> {
    while (this.#minutes < minutes) await this.#round();
  }

  /** Until all records before these ends are in their tables. */
  async settled(ends: ReadonlyMap<number, number>): Promise<void> {
    while (!this.#watched.window.isSettledTo(ends)) await this.#round();
  }

  async #round(): Promise<void> {
    const { crew, reader, checker, window } = this.#watched;
    await sleep(EVERY_MS);
    await checker.check();
    crew.check();
    for (const failure of [this.failure, reader.failure]) if (failure !== undefined) throw failure;
    if (window.lost + window.doubled + window.wrong.length > 0) {
      throw new Error(window.wrong.join("\n"));
    }
    this.#expectProgress();
    if (Date.now() - this.#began < (this.#minutes + 1) * MINUTE_MS) return;
    this.#minutes += 1;
    console.log(JSON.stringify(this.#line()));
  }

  #expectProgress(): void {
    const { sound, produced } = this.#watched.window;
    if (sound !== this.#sound || sound === produced) {
      this.#sound = sound;
      this.#soundAt = Date.now();
    }
    if (Date.now() - this.#soundAt > STALL_LIMIT_MS) {
      throw new Error(`no record of ${produced - sound} was settled for ${STALL_LIMIT_MS} ms`);
    }
  }

  #line() {
    const { crew, load, checker, window, faults, memory } = this.#watched;
    const { produced, lost, doubled } = window;
    return {
      event: "minute",
      minute: this.#minutes,
      produced,
      committed: checker.committed,
      // The ledgers may be ahead of the topic's reader.
      lag: Math.max(0, produced - checker.committed),
      kills: crew.kills,
      freezes: crew.freezes,
      faults: faults.counts,
      unacknowledged: load.failures,
      rssMib: memory.newest,
      lost,
      doubled,
    };
  }
}
