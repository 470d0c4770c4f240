import { randomUUID } from "node:crypto";
import type { GovernanceService } from "../governance/clients.js";
import { governanceObserver } from "../governance/observer.js";
import type { GovernanceContext, GovernancePlan, Validation } from "../governance/types.js";
import { defined } from "../governance/wire.js";
import type { StreamingObserver } from "../hooks.js";
import type { ValidationResult } from "../validation-result.js";
import { type KnownContract, keyOf } from "./contracts.js";

/** Who writes what, as governance knows it. */
export interface GovernedWrite {
  governance: GovernanceService;
  contract: KnownContract;
  /** Its dataset, pipeline, binding and drafts. */
  context: Omit<GovernanceContext, "contract"> & { datasetId: string };
}

/** Throws where governance has no such contract. */
export function writePlan({
  governance,
  contract,
  context,
}: GovernedWrite): Promise<GovernancePlan> {
  const asked = { ...context, contract: keyOf(contract), enforceDataProductStatus: false };
  return governance.governance.resolve("write", asked);
}

export function writeObserver(
  write: GovernedWrite,
  template?: string,
  name?: string,
): StreamingObserver {
  const { governance, contract, context } = write;
  const { datasetId: dataset, datasetVersion: _, ...terms } = context;
  const said = defined({ datasetVersion: template, name });
  const options = { dataset, contract: keyOf(contract), context: terms, ...said };
  return governanceObserver(governance.governance, options);
}

/** A write that was not started has a reason, and no version. */
export async function recordRefusal(
  write: GovernedWrite,
  plan: GovernancePlan,
  { errors, warnings, schema }: ValidationResult,
): Promise<void> {
  const client = write.governance.governance;
  const refused = { ...plan, datasetVersion: "" };
  const validation: Validation = {
    ok: false,
    status: "block",
    errors,
    warnings,
    metrics: {},
    schema,
    details: {
      dataset_id: write.context.datasetId,
      observation_operation: "write",
      observation_scope: "pre_write_dataframe",
      violations: errors.length,
      errors,
    },
    ...(errors[0] !== undefined && { reason: errors[0] }),
  };
  const key = randomUUID();
  const keyed = (step: string) => ({ idempotencyKey: `${key} ${step}` });
  const evidence = { validation, observations: { metrics: {}, schema } };
  const assessment = await client.evaluatePlan("write", refused, evidence, keyed("evaluate"));
  await client.register("write", refused, assessment, keyed("register"));
}
