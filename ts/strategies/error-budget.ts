import type { StreamingInterventionStrategy } from "../intervention.js";
import { AskedBatches, sumOf } from "./asked-batches.js";
import { milliseconds } from "./duration.js";
import { excess, type Limit, limitOptions } from "./limit.js";
import { type Clock, check, option, type StrategyAction } from "./options.js";

/** `max` is of violating rows. */
export interface ErrorBudgetOptions extends Limit {
  /**
   * Over which time back from the present, such as `1 hour`. A start knows the last 100 batches
   * before it, by the time of their commit.
   */
  per: string;
  /** Default: `block`. */
  action?: StrategyAction;
  clock?: Clock;
}

/** Too many violating rows within a time. */
export function errorBudget(options: ErrorBudgetOptions): StreamingInterventionStrategy {
  const { duration, action: known, clock: time } = option;
  check("errorBudget", limitOptions({ per: duration, action: known, clock: time }), options);
  const { per, action = "block", clock = Date.now, ...limit } = options;
  const span = milliseconds(per) ?? 0;
  const asked = new AskedBatches((all) => {
    const now = all.at(-1)?.at ?? 0;
    return all.filter(({ at }) => at > now - span);
  });
  return {
    decide(verdict, context) {
      if (verdict.status === "idle") return null;
      const { rows, violating } = sumOf(asked.with(verdict, context, clock()));
      const found = excess(limit, violating, rows);
      return found === null ? null : { action, reason: `violations within ${per}: ${found}` };
    },
  };
}
