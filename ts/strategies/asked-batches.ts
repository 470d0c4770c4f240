import type { StreamingBatch } from "../batch.js";
import type { InterventionContext } from "../intervention.js";
import type { ValidationResult } from "../validation-result.js";
import type { Verdict } from "../verdict.js";

/** What is remembered of a batch. */
export interface AskedBatch {
  batchUuid: string;
  /** In milliseconds since 1970. */
  at: number;
  rowCount: number;
  violatingRows: number;
  /** A rule of severity `block` was broken, or a record was undecodable. */
  isFailure: boolean;
}

/**
 * The batches that a strategy was asked about, of each query apart, after those that the query had
 * committed before. The history alone would not do: it lags behind a slow `onStreamingBatch`.
 */
export class AskedBatches {
  readonly #byQuery = new WeakMap<ValidationResult, readonly AskedBatch[]>();
  readonly #kept: (batches: readonly AskedBatch[]) => readonly AskedBatch[];

  /** `kept` says which of the batches are still needed. */
  constructor(kept: (batches: readonly AskedBatch[]) => readonly AskedBatch[]) {
    this.#kept = kept;
  }

  /** Those kept, oldest first; the last is the batch of `verdict`. */
  with(
    verdict: Verdict,
    { validation, history }: InterventionContext,
    at = 0,
  ): readonly AskedBatch[] {
    const known = this.#byQuery.get(validation) ?? history.filter(hasRows).map(committed(at));
    const before = withoutDropped(known, history);
    const others = before.filter(({ batchUuid }) => batchUuid !== verdict.batchUuid);
    const kept = this.#kept([...others, remembered(verdict, at)]);
    this.#byQuery.set(validation, kept);
    return kept;
  }
}

/** Rows of all of the batches, and those that broke the contract. */
export function sumOf(batches: readonly AskedBatch[]): { rows: number; violating: number } {
  const sum = { rows: 0, violating: 0 };
  for (const { rowCount, violatingRows } of batches) {
    sum.rows += rowCount;
    sum.violating += violatingRows;
  }
  return sum;
}

function remembered(verdict: Verdict, at: number): AskedBatch {
  const { batchUuid, rowCount, violatingRows } = verdict;
  return { batchUuid, at, rowCount, violatingRows, isFailure: isFailure(verdict) };
}

const hasRows = ({ status }: StreamingBatch) => status !== "idle";

/** None is from the future, whichever clock its worker had. */
function committed(now: number) {
  return (batch: StreamingBatch): AskedBatch => {
    const { batchUuid, timestamp, rowCount, violatingRows, counts, rules } = batch;
    const at = Math.min(Date.parse(timestamp), now);
    const failed = isFailure({ deadLetters: counts.deadLetters, rules });
    return { batchUuid, at, rowCount, violatingRows, isFailure: failed };
  };
}

function isFailure({ deadLetters, rules }: Pick<Verdict, "deadLetters" | "rules">): boolean {
  const isBroken = rules.some(({ severity, violations }) => severity === "block" && violations > 0);
  return isBroken || deadLetters > 0;
}

/** A batch that is not in the history, but between two that are, was dropped before its commit. */
function withoutDropped(
  batches: readonly AskedBatch[],
  history: readonly StreamingBatch[],
): readonly AskedBatch[] {
  const told = new Set(history.map(({ batchUuid }) => batchUuid));
  const isTold = ({ batchUuid }: AskedBatch) => told.has(batchUuid);
  const [first, last] = [batches.findIndex(isTold), batches.findLastIndex(isTold)];
  return batches.filter((batch, at) => at < first || at > last || isTold(batch));
}
