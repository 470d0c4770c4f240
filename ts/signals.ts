import { constants } from "node:os";

/** `npm run` passes on a Ctrl-C that the terminal has sent to its child already: two in one. */
const DOUBLE_MS = 300;

/**
 * Calls `first` at the first of `signals`; a second one ends the process at once with 128 + its
 * number. Answers what takes the handlers away.
 */
export function onSignals(signals: readonly NodeJS.Signals[], first: () => void): () => void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = performance.now();
      first();
    } else if (performance.now() - firstAt > DOUBLE_MS) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
