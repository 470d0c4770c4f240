import type { z } from "zod";
import { only, option } from "./options.js";

/** How much is let through; of `max` and `maxRatio` at least one. */
export interface Limit {
  max?: number;
  /** Of all rows, from 0 to 1. */
  maxRatio?: number;
  /** Among fewer rows than these `maxRatio` says nothing; default 1. */
  minRows?: number;
}

/** The options of a limit, and `others`. */
export function limitOptions(others: Record<string, z.ZodType> = {}): z.ZodType {
  const { count, ratio, positive } = option;
  const shape = {
    max: count.optional(),
    maxRatio: ratio.optional(),
    minRows: positive.optional(),
    ...others,
  };
  const isGiven = ({ max, maxRatio }: Limit) => max !== undefined || maxRatio !== undefined;
  return only(shape).refine((limit) => isGiven(limit), "max, maxRatio or both");
}

/** In what `numViolations` among `numRows` go beyond the limit; null if they do not. */
export function excess(
  { max = Infinity, maxRatio = 1, minRows = 1 }: Limit,
  numViolations: number,
  numRows: number,
): string | null {
  const found = `${numViolations} of ${numRows} rows`;
  if (numViolations > max) return `${found}, more than ${max}`;
  const isBeyond = numRows >= minRows && numViolations / numRows > maxRatio;
  return isBeyond ? `${found}, more than a ratio of ${maxRatio}` : null;
}
