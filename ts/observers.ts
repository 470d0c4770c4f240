import { toBatch } from "./batch.js";
import { toError } from "./failure.js";
import type { QueryHooks, StreamingObserver } from "./hooks.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery, NativeTold } from "./native.js";
import { Pauses } from "./pauses.js";
import type { ProgressFeed } from "./progress.js";
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
    const batch = toBatch(committed);
    validation.record(batch);
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

/** Tells one observer that follows the log, until the query has ended and it was told all. */
export async function tellObserver(
  native: NativeQuery,
  observer: StreamingObserver,
  tally: ObserverTally,
  logger: SafeLogger,
  signal: AbortSignal,
): Promise<void> {
  const pauses = new Pauses();
  for (;;) {
    const told = await native.nextTold(observer.name);
    if (told === null) return;
    try {
      await insist(native, observer, told, { tally, logger, pauses, signal });
    } catch {
      // The log knows how far it is: the next start goes on from there.
      return;
    }
  }
}

/** Tells it until it is told. Throws once the query has ended. */
async function insist(
  native: NativeQuery,
  observer: StreamingObserver,
  told: NativeTold,
  rest: { tally: ObserverTally; logger: SafeLogger; pauses: Pauses; signal: AbortSignal },
): Promise<void> {
  const { tally, logger, pauses, signal } = rest;
  for (;;) {
    try {
      native.told(observer.name, await tellOne(observer, told, signal));
      return pauses.reset();
    } catch (error) {
      tally.failures += 1;
      const { failures } = tally;
      const said = { query: native.name, observer: observer.name, failures, error };
      logger.log("warn", said, "an observer was not told, and will be");
      if (signal.aborted || native.status() !== "ACTIVE") throw error;
      await pauses.next(signal);
      // What could not be read is not there to be told again.
      if (told.failure !== undefined) return;
    }
  }
}

/** The version up to which the observer knows everything then. */
async function tellOne(
  observer: StreamingObserver,
  { batch, gap, failure }: NativeTold,
  signal: AbortSignal,
): Promise<number> {
  if (batch !== undefined) {
    await observer.tell(toBatch(batch), { signal });
    return batch.batchId;
  }
  if (gap !== undefined) {
    await observer.gap?.(gap, { signal });
    return gap.to;
  }
  throw failure === undefined ? new Error("nothing to tell") : toError(failure);
}

export async function feedProgress(native: NativeQuery, feed: ProgressFeed): Promise<void> {
  for (;;) {
    const progress = await native.nextProgress();
    if (progress === null) break;
    feed.push(progress);
  }
  feed.close();
}
