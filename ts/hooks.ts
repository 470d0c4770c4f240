import type { StreamingBatch } from "./batch.js";
import type { InterventionTerms, StreamingInterventionStrategy } from "./intervention.js";
import type { Logger } from "./logger.js";

/** What is told of a query, and who may speak into it. */
export interface QueryHooks {
  /**
   * After the batch is committed. Awaited one at a time in batch order; never on the data path.
   * What it throws is logged and counted. `signal` aborts when the query stops waiting for it.
   */
  onStreamingBatch?(batch: StreamingBatch, ctx: { signal: AbortSignal }): void | Promise<void>;
  /** Before the batch is committed. */
  intervention?: StreamingInterventionStrategy | StreamingInterventionStrategy["decide"];
  /** Default: 10,000. */
  interventionTimeoutMs?: number;
  /** Stands for a decision that is late, invalid or thrown away by an error. Default: `block`. */
  interventionFallback?: "block" | "proceed";
  /** Stops the query, drained, when it aborts. */
  signal?: AbortSignal;
  /** The engine's records and those of this package. Default: warnings on standard error. */
  logger?: Logger;
}

const INTERVENTION_TIMEOUT_MS = 10_000;

export function interventionTerms(hooks: QueryHooks): InterventionTerms | undefined {
  const { intervention, interventionTimeoutMs, interventionFallback } = hooks;
  if (intervention === undefined) return undefined;
  const strategy = typeof intervention === "function" ? { decide: intervention } : intervention;
  return {
    strategy,
    timeoutMs: interventionTimeoutMs ?? INTERVENTION_TIMEOUT_MS,
    fallback: interventionFallback ?? "block",
  };
}
