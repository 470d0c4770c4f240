import type { StreamingQuery } from "./query.js";
import { onSignals } from "./signals.js";

export interface ShutdownOptions {
  /** Default: `SIGINT` and `SIGTERM`. */
  signals?: readonly NodeJS.Signals[];
  /** Deadline of the drained stop. Default: 30,000. */
  timeoutMs?: number;
}

/**
 * Stops the queries, drained, at the first signal; a second one ends the process at once with
 * 128 + its number. The handlers go when all queries have ended, or when the answered function is
 * called.
 */
export function gracefulShutdown(
  queries: StreamingQuery | readonly StreamingQuery[],
  options: ShutdownOptions = {},
): () => void {
  const { signals = ["SIGINT", "SIGTERM"], timeoutMs } = options;
  const all = [queries].flat();
  const uninstall = onSignals(signals, () => {
    for (const query of all) {
      void query.shutdown(timeoutMs).then(() => {
        if (query.exception) process.exitCode = 1;
      });
    }
  });
  void Promise.all(all.map((query) => query.ended)).then(uninstall);
  return uninstall;
}
