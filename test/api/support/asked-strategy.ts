import {
  type Answer,
  ask,
  type InterventionContext,
  type StreamingInterventionStrategy,
} from "../../../ts/intervention.ts";
import type { ValidationResult } from "../../../ts/validation-result.ts";
import type { Verdict } from "../../../ts/verdict.ts";
import { batch, verdict } from "./samples.ts";

/** The verdict of a batch whose rule `minimum_speed`, of severity `block`, `violating` rows broke. */
export function judged(rowCount: number, violating = 0, change: Partial<Verdict> = {}): Verdict {
  const rule = {
    rule: "minimum_speed",
    column: "speed",
    scope: "batch",
    estimated: false,
    severity: "block",
  } as const;
  return {
    ...verdict({ rowCount, violatingRows: violating, violations: violating }),
    batchUuid: crypto.randomUUID(),
    status: rowCount === 0 ? "idle" : violating > 0 ? "warn" : "ok",
    violationRatio: rowCount === 0 ? 0 : violating / rowCount,
    rules: [{ ...rule, violations: violating }],
    ...change,
  };
}

/** A query whose verdicts a strategy is asked about. */
export class AskingQuery {
  readonly #strategy: StreamingInterventionStrategy;
  readonly #deadline = new AbortController();
  readonly #context: InterventionContext & { history: ReturnType<typeof batch>[] };

  constructor(strategy: StreamingInterventionStrategy) {
    this.#strategy = strategy;
    const validation = { status: "unknown" } as ValidationResult;
    const { signal } = this.#deadline;
    this.#context = { datasetId: "lake/events", validation, history: [], signal };
  }

  ask(about: Verdict): Promise<Answer> {
    return ask(this.#strategy, about, this.#context);
  }

  /** The action for each verdict, none of which is in the history yet. */
  async actions(...about: Verdict[]): Promise<string[]> {
    const answers: Answer[] = [];
    for (const each of about) answers.push(await this.ask(each));
    return answers.map(({ action }) => action);
  }

  /** The batch is committed, and in the history as the output's log has it. */
  commit(
    { batchUuid, rowCount, violatingRows, deadLetters, rules, status }: Verdict,
    at = 0,
  ): void {
    const { history } = this.#context;
    const broken = rules.filter(({ violations }) => violations > 0);
    const { counts, ...plain } = batch(history.length, { batchUuid, rowCount, violatingRows });
    history.push({
      ...plain,
      status,
      timestamp: new Date(at).toISOString(),
      rules: broken,
      counts: { ...counts, deadLetters },
    });
  }

  /** The deadline of what is being asked passes. */
  expire(): void {
    this.#deadline.abort(new DOMException("late", "TimeoutError"));
  }
}
