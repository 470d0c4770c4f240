import { toBatch } from "./batch.js";
import { toError } from "./failure.js";
import type { QueryHooks, StreamingObserver } from "./hooks.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery, NativeTold } from "./native.js";
import { Pauses } from "./pauses.js";
import type { ProgressFeed } from "./progress.js";
import type { RunOutcome, StreamingRun } from "./run.js";
import type { LiveValidation } from "./validation-result.js";

/** Counts what observers did wrong; the data path never learns of it. */
export interface ObserverTally {
  told: number;
  failures: number;
}

/** Tells every batch, in order and one at a time, until the query has ended and all were told. */
export async function tellBatches(
  native: NativeQuery,
  { onStreamingBatch }: Pick<QueryHooks, "onStreamingBatch">,
  validation: LiveValidation,
  tally: ObserverTally,
  logger: SafeLogger,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const committed = await native.nextBatch();
    if (committed === null) return;
    const batch = validation.record(toBatch(committed));
    try {
      await onStreamingBatch?.(batch, { signal });
    } catch (error) {
      tally.failures += 1;
      const said = { query: native.name, batchId: batch.batchId, failures: tally.failures, error };
      logger.log("error", said, "onStreamingBatch failed");
    }
    tally.told += 1;
  }
}

/** What telling an observer takes, besides the query and the observer. */
export interface Telling {
  run: StreamingRun;
  outcome: Promise<RunOutcome>;
  tally: ObserverTally;
  logger: SafeLogger;
  signal: AbortSignal;
}

/** Tells one observer that follows the log, until the query has ended and it was told all. */
export async function tellObserver(
  native: NativeQuery,
  observer: StreamingObserver,
  telling: Telling,
): Promise<void> {
  const teller = new Teller(native, observer, telling);
  for (;;) {
    const told = await native.nextTold(observer.name);
    if (told === null) break;
    try {
      await teller.insist(told);
    } catch {
      // The log knows how far it is: the next start goes on from there.
      break;
    }
  }
  await teller.end();
}

class Teller {
  readonly #native: NativeQuery;
  readonly #observer: StreamingObserver;
  readonly #telling: Telling;
  readonly #pauses = new Pauses();
  /** The last version that it was told of and holds. */
  #held: number | undefined;

  constructor(native: NativeQuery, observer: StreamingObserver, telling: Telling) {
    this.#native = native;
    this.#observer = observer;
    this.#telling = telling;
  }

  /** Tells it until it is told. Throws once the query has ended. */
  async insist(told: NativeTold): Promise<void> {
    const { signal } = this.#telling;
    for (;;) {
      try {
        await this.#tell(told);
        return this.#pauses.reset();
      } catch (error) {
        this.#failed(error, "an observer was not told, and will be");
        if (signal.aborted || this.#native.status() !== "ACTIVE") throw error;
        await this.#pauses.next(signal);
        // What could not be read is not there to be told again.
        if (told.failure !== undefined) return;
      }
    }
  }

  async end(): Promise<void> {
    const { run, outcome, signal } = this.#telling;
    if (this.#observer.end === undefined) return;
    const ended = await outcome;
    if (signal.aborted) return;
    try {
      await this.#observer.end(ended, { signal, run });
      if (this.#held !== undefined) this.#told(this.#held);
    } catch (error) {
      this.#failed(error, "an observer was not told that the query has ended");
    }
  }

  async #tell({ batch, gap, failure }: NativeTold): Promise<void> {
    const { signal, run } = this.#telling;
    if (batch !== undefined) {
      const answer = await this.#observer.tell(toBatch(batch), { signal, run });
      if (answer === "held") this.#held = batch.batchId;
      else this.#told(batch.batchId);
    } else if (gap !== undefined) {
      await this.#observer.gap?.(gap, { signal, run });
      // Without `gap` it may still hold what came before.
      if (this.#observer.gap === undefined && this.#held !== undefined) this.#held = gap.to;
      else this.#told(gap.to);
    } else throw failure === undefined ? new Error("nothing to tell") : toError(failure);
  }

  /** It knows everything up to this version. */
  #told(version: number): void {
    this.#held = undefined;
    this.#native.told(this.#observer.name, version);
  }

  #failed(error: unknown, message: string): void {
    const { tally, logger } = this.#telling;
    tally.failures += 1;
    const { failures } = tally;
    const said = { query: this.#native.name, observer: this.#observer.name, failures, error };
    logger.log("warn", said, message);
  }
}

export async function feedProgress(native: NativeQuery, feed: ProgressFeed): Promise<void> {
  for (;;) {
    const progress = await native.nextProgress();
    if (progress === null) break;
    feed.push(progress);
  }
  feed.close();
}
