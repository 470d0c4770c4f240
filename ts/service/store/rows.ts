import type { Dated, Verdict } from "../../governance/records.js";
import type { Operation, Properties, Validation } from "../../governance/types.js";
import { defined } from "../../governance/wire.js";

export interface VerdictRow {
  dataset_version: string;
  contract_id: string;
  contract_version: string;
  operation: string;
  pipeline: string | null;
  reused: number;
  validation: string;
  snapshot: string | null;
  recorded_ms: number;
}

export interface ActivityRow extends Omit<VerdictRow, "validation" | "snapshot"> {
  validation: string | null;
}

export function verdictOf(row: VerdictRow): Verdict {
  return { ...toldOf(row), kind: "verdict", validation: validationOf(row) };
}

export function activityOf(row: ActivityRow): Dated {
  const validation =
    row.validation === null ? undefined : (JSON.parse(row.validation) as Validation);
  return defined({ ...toldOf(row), kind: "activity", validation });
}

/** Of its own columns: the schema stands in a row of its own. */
export function validationOf(row: Pick<VerdictRow, "validation" | "snapshot">): Validation {
  const schema = row.snapshot === null ? {} : (JSON.parse(row.snapshot) as Validation["schema"]);
  return { ...(JSON.parse(row.validation) as Omit<Validation, "schema">), schema };
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function toldOf(row: Omit<VerdictRow, "validation" | "snapshot">) {
  return defined({
    datasetVersion: row.dataset_version,
    contractId: row.contract_id,
    contractVersion: row.contract_version,
    operation: row.operation as Operation,
    pipelineContext: row.pipeline === null ? undefined : (JSON.parse(row.pipeline) as Properties),
    observationsReused: row.reused === 1,
    recordedAt: timeOf(row.recorded_ms),
  });
}
