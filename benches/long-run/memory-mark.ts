import { percentile } from "../measured.ts";
import type { Memory, Worker } from "./worker.ts";

/** Commits on both sides of a mark at which memory is sampled. */
export const AROUND_MARK = 100;
const SAMPLE_EVERY = 5;

export interface MarkedMemory extends Memory {
  commit: number;
  samples: number;
  /** Of the samples: what is left when no log checkpoint is being written. */
  leastRssKib: number;
}

/** The memory of a process around one of its commits: the median of samples. */
export class MemoryMark {
  readonly #commit: number;
  readonly #samples: Promise<Memory>[] = [];

  constructor(commit: number) {
    this.#commit = commit;
  }

  pass(commit: number, worker: Worker): void {
    const distance = Math.abs(commit - this.#commit);
    if (distance <= AROUND_MARK && distance % SAMPLE_EVERY === 0) {
      this.#samples.push(worker.memory());
    }
  }

  async median(): Promise<MarkedMemory> {
    const samples = await Promise.all(this.#samples);
    const of = (key: keyof Memory) =>
      percentile(
        samples.map((sample) => sample[key]),
        0.5,
      );
    return {
      commit: this.#commit,
      samples: samples.length,
      leastRssKib: Math.min(...samples.map(({ rssKib }) => rssKib)),
      rssKib: of("rssKib"),
      anonymousKib: of("anonymousKib"),
      fileKib: of("fileKib"),
    };
  }
}
