import type { StreamingInterventionStrategy } from "../intervention.js";
import { AskedBatches, sumOf } from "./asked-batches.js";
import { excess } from "./limit.js";
import { check, only, option, type StrategyAction } from "./options.js";

export interface ViolationRatioOptions {
  /** The ratio of violating rows to all rows that is still let through, from 0 to 1. */
  max: number;
  /** Over this batch and those before it, so many together; default 1. */
  batches?: number;
  /** Among fewer rows than these a ratio says nothing; default 1. */
  minRows?: number;
  /** Default: `block`. */
  action?: StrategyAction;
}

/** Too many violating rows among those of the last batches. */
export function violationRatio(options: ViolationRatioOptions): StreamingInterventionStrategy {
  const { ratio, positive, action } = option;
  const shape = { max: ratio, batches: positive.optional(), minRows: positive.optional(), action };
  check("violationRatio", only(shape), options);
  const { max, batches = 1, minRows, action: taken = "block" } = options;
  const asked = new AskedBatches((all) => all.slice(-batches));
  return {
    decide(verdict, context) {
      if (verdict.status === "idle") return null;
      const { rows, violating } = sumOf(asked.with(verdict, context));
      const found = excess({ maxRatio: max, minRows }, violating, rows);
      return found === null ? null : { action: taken, reason: `violations: ${found}` };
    },
  };
}
