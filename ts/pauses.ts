import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** Between tries: each up to twice the last, with jitter, and none too long. */
export class Pauses {
  #longest = FIRST_MS;

  readonly #ref: boolean;

  /** With `ref` they keep the process alive. */
  constructor({ ref = false } = {}) {
    this.#ref = ref;
  }

  /** Resolves after the next one, or when `signal` aborts. */
  async next(signal: AbortSignal | undefined, atLeastMs = 0): Promise<void> {
    const pause = this.#longest * (0.5 + Math.random() / 2);
    this.#longest = Math.min(this.#longest * 2, LONGEST_MS);
    const options = signal === undefined ? { ref: this.#ref } : { signal, ref: this.#ref };
    await sleep(Math.max(pause, atLeastMs), undefined, options).catch(() => {});
  }

  reset(): void {
    this.#longest = FIRST_MS;
  }
}
