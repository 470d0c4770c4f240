import type { StreamingInterventionStrategy } from "../intervention.js";
import { AskedBatches, sumOf } from "./asked-batches.js";
import { check, only, option, type StrategyAction } from "./options.js";

export interface RowCountDropOptions {
  /** The part of the average that a batch may fall short by: 0.5 lets half of it through. */
  by: number;
  /** How many batches before it make the average. Until there are so many, none is judged. */
  batches: number;
  /**
   * Default: `warn`, since a batch also has few rows when it was cut short, by the end of the query
   * or a rebalance, or when those before it caught up with a backlog.
   */
  action?: StrategyAction;
}

/**
 * Far fewer rows than the batches before it had on average. That no rows come at all is no batch:
 * `progress()` tells it.
 */
export function rowCountDrop(options: RowCountDropOptions): StreamingInterventionStrategy {
  const shape = { by: option.drop, batches: option.positive, action: option.action };
  check("rowCountDrop", only(shape), options);
  const { by, batches, action = "warn" } = options;
  const asked = new AskedBatches((all) => all.slice(-batches - 1));
  return {
    decide(verdict, context) {
      if (verdict.status === "idle") return null;
      const before = asked.with(verdict, context).slice(0, -1);
      if (before.length < batches) return null;
      const { rows } = sumOf(before);
      const shortfall = (rows - verdict.rowCount * batches) / rows;
      if (!(shortfall > by)) return null; // Without rows before there is nothing to fall short of.
      const usual = `an average of ${Math.round(rows / batches)} in the ${batches} batches before`;
      return { action, reason: `${verdict.rowCount} rows, after ${usual}` };
    },
  };
}
