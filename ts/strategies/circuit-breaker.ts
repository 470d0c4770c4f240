import {
  aborted,
  ask,
  type Intervention,
  type InterventionContext,
  type StreamingInterventionStrategy,
  toStrategy,
} from "../intervention.js";
import type { Verdict } from "../verdict.js";
import { milliseconds } from "./duration.js";
import { type Clock, check, checkStrategies, only, option } from "./options.js";

export interface CircuitBreakerOptions {
  /** So many in a row open the circuit: the strategy throws, is late, or answers no decision. */
  failures: number;
  /** How long it stays open before one verdict is a trial, such as `30 seconds`. */
  halfOpenAfter: string;
  clock?: Clock;
}

/**
 * Around a strategy that needs another service, so that no batch waits for one that is down. While
 * the circuit is open `interventionFallback` decides at once, as it would after the deadline; it is
 * of use with `proceed`, since `block` ends the query at the first failure.
 */
export function circuitBreaker(
  intervention: Intervention,
  options: CircuitBreakerOptions,
): StreamingInterventionStrategy {
  checkStrategies("circuitBreaker", [intervention]);
  const { positive: failures, duration: halfOpenAfter, clock } = option;
  check("circuitBreaker", only({ failures, halfOpenAfter, clock }), options);
  return new CircuitBreaker(toStrategy(intervention), options);
}

/** Closed: every verdict is asked about. Open: none. Half-open: one, whose answer closes it. */
class CircuitBreaker implements StreamingInterventionStrategy {
  readonly #strategy: StreamingInterventionStrategy;
  readonly #maxFailures: number;
  readonly #openFor: number;
  readonly #clock: Clock;
  #failures = 0;
  #openUntil = -Infinity;

  constructor(strategy: StreamingInterventionStrategy, options: CircuitBreakerOptions) {
    this.#strategy = strategy;
    this.#maxFailures = options.failures;
    this.#openFor = milliseconds(options.halfOpenAfter) ?? 0;
    this.#clock = options.clock ?? Date.now;
  }

  async decide(verdict: Verdict, context: InterventionContext) {
    if (this.#clock() < this.#openUntil) throw new CircuitOpenError("the circuit is open");
    // Half-open: others find it open while the trial is under way.
    if (this.#failures >= this.#maxFailures) this.#open();
    try {
      const answer = ask(this.#strategy, verdict, context);
      const decision = await Promise.race([answer, aborted(context.signal)]);
      this.#close();
      return decision;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= this.#maxFailures) this.#open();
      throw error;
    }
  }

  #open(): void {
    this.#openUntil = this.#clock() + this.#openFor;
  }

  #close(): void {
    this.#failures = 0;
    this.#openUntil = -Infinity;
  }
}

class CircuitOpenError extends Error {
  override readonly name = "CircuitOpenError";
}
