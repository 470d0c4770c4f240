import { batchReason, type StreamingBatch } from "../batch.js";
import { NO_COUNTS, sum } from "../counts.js";
import { type GovernanceStatus, isWorse } from "../governance/status.js";
import type { ScenarioEvent, ScenarioStatus, ScenarioTable } from "./scenario-event.js";

/** Sums the batches of a scenario, and tells of each. */
export class ScenarioTally {
  counts = NO_COUNTS;
  batches = 0;
  /** Rows that went to the rejects. */
  numRejected = 0;
  /** By which governance knows the newest of them: the version of their batch. */
  rejectsVersion?: string;
  readonly #tell: (event: ScenarioEvent) => void;
  readonly #rejects: ScenarioTable;
  #worst: StreamingBatch | undefined;

  constructor(tell: (event: ScenarioEvent) => void, rejects: ScenarioTable) {
    this.#tell = tell;
    this.#rejects = rejects;
  }

  get status(): ScenarioStatus {
    return statusWord(this.#worst?.status ?? "unknown");
  }

  /** Of the newest batch that is as bad as any. */
  get reason(): string | undefined {
    return this.#worst && batchReason(this.#worst);
  }

  add(batch: StreamingBatch): void {
    if (batch.counts.records === 0) return;
    this.batches += 1;
    if (this.#worst === undefined || !isWorse(this.#worst.status, batch.status))
      this.#worst = batch;
    this.counts = sum(this.counts, batch.counts);
    this.#tell({ type: "batch", batch });
    const { batchId, rejects, rules } = batch;
    const rowCount = rejects?.rowCount ?? 0;
    if (rowCount === 0) return;
    const broken = rules.filter(({ violations }) => violations > 0).map(({ rule }) => rule);
    if (this.numRejected === 0) {
      this.#tell({ type: "rejects-activated", batchId, table: this.#rejects, rules: broken });
    }
    this.numRejected += rowCount;
    this.rejectsVersion = String(batchId);
    this.#tell({ type: "rejects", batchId, rowCount, totalRows: this.numRejected });
  }
}

/** In the words of a scenario's badges. */
export function statusWord(status: GovernanceStatus): ScenarioStatus {
  const words = {
    ok: "ok",
    idle: "ok",
    warn: "warning",
    block: "error",
    unknown: "unknown",
  } as const;
  return words[status];
}
