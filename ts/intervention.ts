import type { StreamingBatch } from "./batch.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery } from "./native.js";
import type { LiveValidation, ValidationResult } from "./validation-result.js";
import type { Verdict } from "./verdict.js";

/**
 * Nothing means proceed. It can be stricter than the policy, never laxer.
 *
 * `reroute`: the rows that the output would get go `to` a sink, by its name under `sinks`, or to the
 * rejects (`"rejects"`, the default), where what the output does not keep of a record, such as its
 * payload, is NULL. Rejects take them if `input.metadata` is not off and the policy is not `allow`.
 * `scope`: this `batch` (the default), or all from now `onwards`, unasked, until the query ends.
 */
export type InterventionDecision =
  | undefined
  | null
  | { action: "proceed" }
  | { action: "warn" | "block"; reason: string }
  | { action: "reroute"; reason: string; to?: string; scope?: "batch" | "onwards" };

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
  let onwards: Answer | undefined;
  for (;;) {
    const asked = await native.nextVerdict();
    if (asked === null) return;
    const { request, verdict } = asked;
    const decided = onwards ?? answerTo(verdict, terms, validation, native.rerouteTargets);
    const answer = await Promise.resolve(decided).catch((error: unknown): Answer => {
      const said = { query: native.name, batchUuid: verdict.batchUuid, fallback: terms.fallback };
      logger.log("error", { ...said, error }, "the intervention strategy gave no decision");
      if (terms.fallback === "proceed") return { action: "proceed" };
      return { action: "block", reason: `the strategy gave no decision: ${nameOf(error)}` };
    });
    const target = answer.action === "reroute" ? targetOf(answer) : undefined;
    if (answer.action === "reroute" && answer.scope === "onwards") onwards = answer;
    const isHeard = native.decide(request, answer.action, reasonOf(answer), target);
    if (!isHeard) logger.log("warn", { query: native.name, request }, "a decision came too late");
  }
}

async function answerTo(
  verdict: Verdict,
  { strategy, timeoutMs }: InterventionTerms,
  validation: LiveValidation,
  targets: readonly string[],
): Promise<Answer> {
  const { datasetId, history } = validation;
  const deadline = new AbortController();
  const context = { datasetId, validation, history, signal: deadline.signal };
  const timer = setTimeout(() => {
    deadline.abort(new DOMException(`no decision within ${timeoutMs} ms`, "TimeoutError"));
  }, timeoutMs);
  try {
    const answer = await Promise.race([ask(strategy, verdict, context), aborted(deadline.signal)]);
    if (answer.action === "reroute") checkTarget(targetOf(answer), targets);
    return answer;
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

function targetOf({ to = "rejects" }: Answer & { action: "reroute" }): string {
  return to;
}

function checkTarget(target: string, targets: readonly string[]): void {
  if (targets.includes(target)) return;
  const known = targets.length > 0 ? targets.join(", ") : "nothing: the query has no such table";
  throw new TypeError(`a batch cannot be rerouted to ${JSON.stringify(target)}, but to ${known}`);
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
  if (action === "reroute" && isReroute(decision)) return decision;
  throw new TypeError(
    "a decision is null, proceed, or warn, block or reroute with a reason; of a reroute `to` is a name, `scope` batch or onwards",
  );
}

function isReroute({ reason, to, scope }: Answer & { action: "reroute" }): boolean {
  const isTarget = to === undefined || typeof to === "string";
  return typeof reason === "string" && isTarget && [undefined, "batch", "onwards"].includes(scope);
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
