import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** Between tries: each up to twice the last, with jitter, and none too long. */
export class Pauses {
  #longest = FIRST_MS;

  /** Resolves after the next one, or when `signal` aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const pause = this.#longest * (0.5 + Math.random() / 2);
    this.#longest = Math.min(this.#longest * 2, LONGEST_MS);
    await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
  }

  reset(): void {
    this.#longest = FIRST_MS;
  }
}
