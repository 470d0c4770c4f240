import type { StreamingBatch } from "./batch.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery } from "./native.js";
import type { LiveValidation, ValidationResult } from "./validation-result.js";
import type { Verdict } from "./verdict.js";

/** Nothing means proceed. It can be stricter than the policy, never laxer. */
export type InterventionDecision =
  | undefined
  | null
  | { action: "proceed" }
  | { action: "warn" | "block"; reason: string };

/** Sees each verdict before its commit; may be asked again about the same records after a crash. */
export interface StreamingInterventionStrategy {
  decide(
    verdict: Verdict,
    context: InterventionContext,
  ): InterventionDecision | Promise<InterventionDecision>;
}

/** A strategy, or its `decide` alone. */
export type Intervention = StreamingInterventionStrategy | StreamingInterventionStrategy["decide"];

export interface InterventionContext {
  datasetId: string;
  validation: ValidationResult;
  /**
   * Newest last, at most 100: what the query had committed before its start, by the output's log, and
   * what this worker did since. Batches that `onStreamingBatch` was not told yet are not in it.
   */
  history: readonly StreamingBatch[];
  /** Aborts at the deadline; an answer after it is ignored. */
  signal: AbortSignal;
}

/** How a strategy is asked, and what stands for an answer that does not come. */
export interface InterventionTerms {
  strategy: StreamingInterventionStrategy;
  timeoutMs: number;
  fallback: "block" | "proceed";
}

/** What a decision comes to. */
export type Answer = NonNullable<InterventionDecision>;

/** Asks the strategy about one verdict after the other, until the query has ended. */
export async function answerVerdicts(
  native: NativeQuery,
  terms: InterventionTerms,
  validation: LiveValidation,
  logger: SafeLogger,
): Promise<void> {
  for (;;) {
    const asked = await native.nextVerdict();
    if (asked === null) return;
    const { request, verdict } = asked;
    const answer = await answerTo(verdict, terms, validation).catch((error: unknown): Answer => {
      const said = { query: native.name, batchUuid: verdict.batchUuid, fallback: terms.fallback };
      logger.log("error", { ...said, error }, "the intervention strategy gave no decision");
      if (terms.fallback === "proceed") return { action: "proceed" };
      return { action: "block", reason: `the strategy gave no decision: ${nameOf(error)}` };
    });
    const isHeard = native.decide(request, answer.action, reasonOf(answer));
    if (!isHeard) logger.log("warn", { query: native.name, request }, "a decision came too late");
  }
}

async function answerTo(
  verdict: Verdict,
  { strategy, timeoutMs }: InterventionTerms,
  validation: LiveValidation,
): Promise<Answer> {
  const { datasetId, history } = validation;
  const deadline = new AbortController();
  const context = { datasetId, validation, history, signal: deadline.signal };
  const timer = setTimeout(() => {
    deadline.abort(new DOMException(`no decision within ${timeoutMs} ms`, "TimeoutError"));
  }, timeoutMs);
  try {
    return await Promise.race([ask(strategy, verdict, context), aborted(deadline.signal)]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a strategy answers; throws if that is no decision. */
export async function ask(
  strategy: StreamingInterventionStrategy,
  verdict: Verdict,
  context: InterventionContext,
): Promise<Answer> {
  return checked(await strategy.decide(verdict, context));
}

export function reasonOf(answer: Answer): string | undefined {
  return answer.action === "proceed" ? undefined : answer.reason;
}

export function toStrategy(intervention: Intervention): StreamingInterventionStrategy {
  return typeof intervention === "function" ? { decide: intervention } : intervention;
}

/** Rejects when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Strategies are often plain JavaScript: what they answer is looked at, not believed. */
function checked(decision: InterventionDecision): Answer {
  if (decision === undefined || decision === null) return { action: "proceed" };
  const { action } = decision;
  if (action === "proceed") return { action };
  if ((action === "warn" || action === "block") && typeof decision.reason === "string") {
    return { action, reason: decision.reason };
  }
  throw new TypeError("a decision is null, proceed, or warn or block with a reason");
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
