import type { StreamingInterventionStrategy } from "../intervention.js";

/** Leaves every batch to the policy; the same as no strategy. */
export function neverBlock(): StreamingInterventionStrategy {
  return { decide: () => null };
}
