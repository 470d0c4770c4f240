import type { StreamingBatch } from "../batch.js";
import type { ScenarioName } from "./scenarios.js";

export type ScenarioRunType = "observe" | "enforce";
export type ScenarioStatus = "ok" | "warning" | "error" | "unknown";

/** A table that a scenario writes. */
export interface ScenarioTable {
  datasetId: string;
  path: string;
}

/** What a scenario tells while it runs. Every count is of batches that are committed. */
export type ScenarioEvent =
  | {
      type: "started";
      scenario: ScenarioName;
      title: string;
      seconds: number;
      runType: ScenarioRunType;
      rowsPerSecond: number;
    }
  | {
      type: "stage";
      phase: "Read" | "Validation" | "Streaming" | "Governance";
      status: "info" | "success" | "warning" | "error";
      title: string;
    }
  /** At each trigger, with rows or without. */
  | { type: "heartbeat"; batches: number; records: number }
  | { type: "batch"; batch: StreamingBatch }
  /** The first rows went to the rejects. */
  | {
      type: "rejects-activated";
      batchId: number;
      table: ScenarioTable;
      /** That the batch broke, of the output's contract. */
      rules: readonly string[];
    }
  /** After each batch with rows for the rejects. */
  | { type: "rejects"; batchId: number; rowCount: number; totalRows: number }
  | ({ type: "complete" } & ScenarioOutcome);

export interface ScenarioOutcome {
  scenario: ScenarioName;
  runType: ScenarioRunType;
  /** The worst of all batches; `error`, too, where no query was started. */
  status: ScenarioStatus;
  /** Of the newest batch that is as bad as any, or why no query was started. */
  reason?: string;
  /** Batches with records. */
  batches: number;
  /** Of all batches. */
  counts: StreamingBatch["counts"];
  /** Of the newest batch; absent where nothing was written. */
  output: ScenarioTable & { datasetVersion?: string };
  /**
   * Absent without rejected rows. The version is that of their newest batch, the status the worst that
   * governance has of any under the contract of the rejects.
   */
  rejects?: ScenarioTable & { rowCount: number; datasetVersion: string; status: ScenarioStatus };
  /** The folder of the file-system governance, and how many dataset versions it recorded. */
  governance: { path: string; records: number };
}
