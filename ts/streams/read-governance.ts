import { StreamingValidationError } from "../errors.js";
import type { GovernanceService } from "../governance/clients.js";
import { validationWord } from "../governance/status.js";
import type { GovernancePlan, PipelineContext, Validation } from "../governance/types.js";
import { compareVersions } from "../governance/versions.js";
import { defined } from "../governance/wire.js";
import type { Logger } from "../logger.js";
import type { LiveValidation } from "../validation-result.js";
import { type KnownContract, keyOf } from "./contracts.js";
import { tellUnlessDown } from "./governed.js";

const UNKNOWN_VERSION = "unknown";

export interface GovernedRead {
  governance: GovernanceService;
  contract: KnownContract;
  datasetId: string;
  datasetVersion?: string | undefined;
  pipelineContext?: PipelineContext | undefined;
  /** If governance has resolved it already. */
  plan?: GovernancePlan | undefined;
  latestVerdict: boolean;
  enforce: boolean;
  logger?: Logger | undefined;
}

/** Tells governance what is read, and takes over what it thinks of it. */
export async function registerRead(read: GovernedRead, validation: LiveValidation): Promise<void> {
  const { datasetVersion = UNKNOWN_VERSION, governance, enforce } = read;
  if (read.latestVerdict) {
    const verdict = await latestVerdict(read);
    if (verdict !== undefined) presume(verdict, read.datasetId, enforce, validation);
  }
  const register = async () => {
    const plan = { ...(read.plan ?? (await resolved(read))), datasetVersion };
    const observed = observation(plan, validation);
    const assessment = { status: observed, validation: observed, observationsReused: false };
    await governance.governance.register("read", plan, assessment);
  };
  validation.caution(await tellUnlessDown("of the read", register, read.logger));
}

function resolved(read: GovernedRead): Promise<GovernancePlan> {
  const { governance, contract, datasetId, pipelineContext } = read;
  const context = { datasetId, contract: keyOf(contract), pipelineContext };
  return governance.governance.resolve("read", defined(context));
}

/** Nobody has seen a row yet: there is a schema, and no verdict. */
function observation(plan: GovernancePlan, { schema, warnings }: LiveValidation): Validation {
  const said = Object.entries(schema).map(([column, { odcsType, nullable }]) => [
    column,
    { odcs_type: odcsType, nullable },
  ]);
  return {
    ok: true,
    status: "unknown",
    errors: [],
    warnings,
    metrics: {},
    schema,
    details: defined({
      observation_operation: "read",
      observation_scope: "input_slice",
      dataset_id: plan.datasetId,
      dataset_version: plan.datasetVersion,
      schema: Object.fromEntries(said),
    }),
  };
}

/**
 * The newest version has the last word, by whichever contract it was judged. A write that was never
 * started made no version.
 */
async function latestVerdict(read: GovernedRead): Promise<Validation | undefined> {
  const { datasetId, datasetVersion } = read;
  const client = read.governance.governance;
  const matrix = await client.statusMatrix(datasetId);
  const newest = matrix
    .filter((entry) => entry.datasetVersion !== "")
    .filter((entry) => (datasetVersion ?? entry.datasetVersion) === entry.datasetVersion)
    .toSorted((a, b) => compareVersions(a.datasetVersion, b.datasetVersion))
    .at(-1);
  return newest && (await client.status(newest));
}

function presume(
  verdict: Validation,
  datasetId: string,
  enforce: boolean,
  validation: LiveValidation,
): void {
  const { errors, warnings, reason } = verdict;
  const status = validationWord(verdict.status);
  if (status !== "block" || !enforce) {
    validation.presume({ status, errors, warnings, reason });
    return;
  }
  const context = {
    operation: "read",
    component: "governance",
    field: "datasetId",
    expected: "a dataset that is not blocked",
    actual: `${datasetId}: ${reason ?? errors[0] ?? "blocked"}`,
    details: "enforce: false reads it all the same",
  };
  const issues = [{ ...context, code: "GOVERNANCE_REFUSED" as const }];
  const message = `the newest verdict of ${datasetId} is block: ${reason ?? "no reason is given"}`;
  throw new StreamingValidationError("GOVERNANCE_REFUSED", message, { context, issues });
}
