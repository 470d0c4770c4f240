import { toBatch } from "./batch.js";
import type { QueryHooks } from "./hooks.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery } from "./native.js";
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

export async function feedProgress(native: NativeQuery, feed: ProgressFeed): Promise<void> {
  for (;;) {
    const progress = await native.nextProgress();
    if (progress === null) break;
    feed.push(progress);
  }
  feed.close();
}
