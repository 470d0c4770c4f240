import type { StreamingBatch } from "./batch.js";
import type { ContractStore } from "./contract-store/store.js";
import { invalidArgument } from "./failure.js";
import { type Intervention, type InterventionTerms, toStrategy } from "./intervention.js";
import type { Logger } from "./logger.js";
import type { RuleHooks } from "./rules.js";
import type { RunOutcome, StreamingRun } from "./run.js";
import type { TransformHooks } from "./transforms.js";

/** What is told of a query, and who may speak into it. */
export interface QueryHooks extends RuleHooks, TransformHooks {
  /**
   * After the batch is committed. Awaited one at a time in batch order; never on the data path.
   * What it throws is logged and counted. `signal` aborts when the query stops waiting for it.
   */
  onStreamingBatch?(batch: StreamingBatch, ctx: { signal: AbortSignal }): void | Promise<void>;
  /** Follow the output's log: they are told of what any worker committed, across restarts, too. */
  observers?: readonly StreamingObserver[];
  /** Before the batch is committed. */
  intervention?: Intervention;
  /** Default: 10,000. */
  interventionTimeoutMs?: number;
  /** Stands for a decision that is late, invalid or thrown away by an error. Default: `block`. */
  interventionFallback?: "block" | "proceed";
  /** Where contracts are that are named by their id, where the configuration says no other store. */
  contractStore?: ContractStore;
  /** Stops the query, drained, when it aborts. */
  signal?: AbortSignal;
  /** The engine's records and those of this package. Default: warnings on standard error. */
  logger?: Logger;
}

/**
 * Is told of every batch of the query, and of every block, whichever worker wrote it: in the order
 * of the output's log, one at a time, at least once. How far it is stands in that log. A service
 * that is down holds up nothing but its own observer, and is told the rest when it is back.
 */
export interface StreamingObserver {
  /** By which the log knows it. Another name begins with the oldest batch that the log has. */
  name: string;
  /**
   * What it throws is logged, and the same batch is told again after a pause. Rules without
   * violations are not in `metrics`. The key of a batch is its `datasetId` and `batchId`.
   * One that answers `held` counts as told once a later call returns anything else; until then the
   * log does not have it as told.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most answer nothing.
  tell(batch: StreamingBatch, ctx: ObserverContext): void | "held" | Promise<void | "held">;
  /** Log clean-up took these versions of the output before they were told. */
  gap?(versions: { from: number; to: number }, ctx: ObserverContext): void | Promise<void>;
  /**
   * Once, when the run has ended and no more is told of it, whether or not all was. What it throws
   * is logged. A process that is killed does not say that its run has ended.
   */
  end?(outcome: RunOutcome, ctx: ObserverContext): void | Promise<void>;
}

export interface ObserverContext {
  /** Aborts when the query waits no longer. */
  signal: AbortSignal;
  /** Whose worker tells this: the same object from the first call to the last. */
  run: StreamingRun;
}

/** Throws unless every observer has a name of its own. */
export function observerNames({ observers = [] }: QueryHooks): string[] {
  const names = observers.map(({ name }) => name);
  const isUsable = (name: string) => typeof name === "string" && /^[^\p{Cc}]{1,200}$/u.test(name);
  const wrong = names.find((name, at) => !isUsable(name) || names.indexOf(name) !== at);
  if (wrong === undefined) return names;
  const context = {
    operation: "start",
    component: "hooks",
    field: "observers",
    expected: "a name of 1 to 200 printable characters for each, that no other has",
    actual: JSON.stringify(wrong),
  };
  throw invalidArgument("observers cannot be told apart", context);
}

const INTERVENTION_TIMEOUT_MS = 10_000;

export function interventionTerms(hooks: QueryHooks): InterventionTerms | undefined {
  const { intervention, interventionTimeoutMs, interventionFallback } = hooks;
  if (intervention === undefined) return undefined;
  return {
    strategy: toStrategy(intervention),
    timeoutMs: interventionTimeoutMs ?? INTERVENTION_TIMEOUT_MS,
    fallback: interventionFallback ?? "block",
  };
}
