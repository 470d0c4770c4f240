import type { StreamingInterventionStrategy } from "../intervention.js";
import { AskedBatches } from "./asked-batches.js";
import { check, only, option, type StrategyAction } from "./options.js";

export interface ConsecutiveFailuresOptions {
  /** How many failed batches in a row are still let through. */
  max: number;
  /** Default: `block`. */
  action?: StrategyAction;
}

/**
 * Too many failed batches in a row. One has failed if it broke a rule of severity `block`, or a
 * record of it could not be decoded.
 */
export function consecutiveFailures(
  options: ConsecutiveFailuresOptions,
): StreamingInterventionStrategy {
  check("consecutiveFailures", only({ max: option.count, action: option.action }), options);
  const { max, action = "block" } = options;
  const asked = new AskedBatches((all) => all.slice(-max - 1));
  return {
    decide(verdict, context) {
      if (verdict.status === "idle") return null;
      const batches = asked.with(verdict, context);
      if (batches.length <= max || !batches.every(({ isFailure }) => isFailure)) return null;
      return { action, reason: `failed batches in a row: more than ${max}` };
    },
  };
}
