import { setTimeout as sleep } from "node:timers/promises";
import type { Crew } from "../crew.ts";
import { SESSION_TIMEOUT_MS } from "../ingest.ts";
import type { Chaos } from "../scenario.ts";
import type { Watch } from "../watch.ts";
import type { Worker } from "../worker.ts";
import type { Move } from "./moves.ts";

/** One that wakes may hear of its lost partitions before it commits: then there is no refusal. */
const FREEZE_ATTEMPTS = 3;
/** So that a rebalance is under way when the kill comes. */
const REBALANCE_MS = 1_500;
/** Between a death and who comes in its place. */
const ABSENCE_MS = 2_000;

/** Carries out the moves against the workers of one query. */
export class Siege {
  readonly #chaos: Chaos;
  readonly #crew: Crew;
  readonly #watch: Watch;
  /** The build that new workers run, and the one that replaces it. */
  readonly #builds: [string, string];

  constructor(chaos: Chaos, crew: Crew, watch: Watch, builds: [string, string]) {
    this.#chaos = chaos;
    this.#crew = crew;
    this.#watch = watch;
    this.#builds = builds;
  }

  async carryOut(move: Move): Promise<void> {
    if (move === "kill") await this.#kill();
    else if (move === "kill-in-rebalance") await this.#killInRebalance();
    else if (move === "replace") await this.#replaceAll();
    else await this.#freeze(move === "freeze-and-kill");
    // Most of the time the group comes to rest; else the next move finds it in disorder.
    if (this.#chaos.random() < 0.7) await this.#watch.caughtUp();
    else await sleep(this.#chaos.random() * REBALANCE_MS);
  }

  add(): Worker {
    const worker = this.#crew.add(this.#builds[0]);
    this.#say(`${worker.name} joins`);
    return worker;
  }

  async #kill(): Promise<void> {
    const victim = this.#any();
    this.#say(`kills ${victim.name}`);
    await this.#crew.kill(victim);
    await sleep(this.#chaos.random() * ABSENCE_MS);
    this.add();
  }

  async #killInRebalance(): Promise<void> {
    const victim = this.#any();
    this.add();
    await sleep(this.#chaos.random() * REBALANCE_MS);
    this.#say(`kills ${victim.name} in a rebalance`);
    await this.#crew.kill(victim);
  }

  /** A worker that slept too long has to meet the table's refusal, and go on after it. */
  async #freeze(withKill: boolean): Promise<void> {
    for (let attempt = 1; attempt <= FREEZE_ATTEMPTS; attempt += 1) {
      const sleeper = this.#any();
      const { fences } = sleeper;
      await this.#sleepTooLong(sleeper, withKill && attempt === 1);
      const { version } = this.#watch;
      this.#say(`thaws ${sleeper.name}`);
      this.#crew.thaw(sleeper);
      await this.#watch.until(`${sleeper.name} commits again`, () => sleeper.version > version);
      if (sleeper.fences > fences) return;
      this.#say(`${sleeper.name} woke with nothing to refuse`);
    }
    throw new Error(`of ${FREEZE_ATTEMPTS} thawed workers the table refused none`);
  }

  /** Until others have moved every partition that it had: what it wakes with is stale. */
  async #sleepTooLong(sleeper: Worker, withKill: boolean): Promise<void> {
    await this.#watch.until(`${sleeper.name} reads`, () => sleeper.hasOpenBatch);
    const { partitions } = sleeper;
    this.#say(`freezes ${sleeper.name}, which reads ${partitions.join(", ")}`);
    this.#crew.freeze(sleeper);
    if (withKill) await this.#kill();
    // What it had sent before it froze has landed by then.
    await sleep(SESSION_TIMEOUT_MS);
    await this.#watch.moved(partitions);
  }

  /** One by one, from the other build. */
  async #replaceAll(): Promise<void> {
    this.#builds.reverse();
    for (const old of [...this.#crew.alive]) {
      this.add();
      await this.#watch.caughtUp();
      this.#say(`stops ${old.name}`);
      await this.#crew.stop(old);
    }
  }

  #any(): Worker {
    const { alive } = this.#crew;
    const awake = alive.filter(({ isFrozen }) => !isFrozen);
    const chosen = awake[Math.floor(this.#chaos.random() * awake.length)];
    if (chosen === undefined) throw new Error("nobody is left to strike");
    return chosen;
  }

  #say(text: string): void {
    this.#chaos.say(text);
  }
}
