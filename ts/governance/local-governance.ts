import type { ContractDocument } from "../config/types.js";
import type { DataQualityClient, GovernanceClient } from "./clients.js";
import { draftOf } from "./drafts.js";
import { governanceError } from "./fault.js";
import type { DatasetHistory, HistoryFilter } from "./history.js";
import { judge } from "./judge.js";
import type { PlanResolver } from "./plans.js";
import { eventOf, grouped, isOf, keyOf, recordOf, subjectsOf } from "./records.js";
import { linkOf } from "./store.js";
import type {
  ActivityRecord,
  CallOptions,
  ContractKey,
  DatasetKey,
  DatasetRecord,
  DraftRequest,
  EvaluateRequest,
  Evidence,
  GovernanceContext,
  GovernancePlan,
  MetricRecord,
  Operation,
  Properties,
  QualityAssessment,
  ReviewRequest,
  StatusMatrixFilter,
  Validation,
} from "./types.js";
import { defined, pipelineOf, writeValidation } from "./wire.js";

/** Governance on a store of ours. Verdicts are only ever added; the worst of a version is its status. */
export class LocalGovernance implements GovernanceClient {
  readonly #history: DatasetHistory;
  readonly #plans: PlanResolver;
  readonly #quality: DataQualityClient;

  constructor(history: DatasetHistory, plans: PlanResolver, quality: DataQualityClient) {
    this.#history = history;
    this.#plans = plans;
    this.#quality = quality;
  }

  async authenticate(): Promise<void> {}

  resolve(operation: Operation, context: GovernanceContext): Promise<GovernancePlan> {
    return this.#plans.resolve(operation, context);
  }

  async evaluatePlan(
    operation: Operation,
    plan: GovernancePlan,
    evidence: Evidence,
    call?: CallOptions,
  ): Promise<QualityAssessment> {
    const { contract } = plan;
    const validation = evidence.validation ?? (await this.#validation(contract, evidence));
    const judged = withoutPlan(judge(validation, operation));
    const draft =
      plan.draftOnViolation && !judged.ok
        ? draftOf({ ...plan, validation: judged, baseContract: contract, operation })
        : undefined;
    const noted = draft && {
      details: { ...judged.details, draft_contract_version: draft.version },
    };
    const status = { ...judged, ...noted };
    const observationsReused = evidence.observations?.reused ?? false;
    await this.#record("verdict", operation, plan, { status, observationsReused }, call);
    return defined({ status, validation, draft, observationsReused });
  }

  register(
    operation: Operation,
    plan: GovernancePlan,
    assessment: QualityAssessment,
    call?: CallOptions,
  ): Promise<void> {
    return this.#record("activity", operation, plan, assessment, call);
  }

  async evaluate(request: EvaluateRequest, call?: CallOptions): Promise<QualityAssessment> {
    const { validation, observations, operation = "read", context, ...terms } = request;
    const { contractId, contractVersion } = request;
    const known = { contract: { contractId, contractVersion } };
    const plan = await this.#plans.resolve(operation, { ...terms, ...known });
    const assessment = await this.evaluatePlan(operation, plan, { validation, observations }, call);
    await this.register(operation, plan, assessment, call);
    return assessment;
  }

  async review(request: ReviewRequest): Promise<ContractDocument | undefined> {
    const { validation, dqStatus, draftRequested = false, operation = "read" } = request;
    const isRefused = !judge(dqStatus ?? validation, operation).ok;
    return draftRequested || isRefused ? draftOf(request) : undefined;
  }

  async draft(request: DraftRequest): Promise<ContractDocument> {
    return draftOf(request);
  }

  async status(key: ContractKey & DatasetKey): Promise<Validation | undefined> {
    const { datasetId, datasetVersion } = key;
    const all = await this.#history.worst({ datasetId, datasetVersions: [datasetVersion] });
    const said = all.find((verdict) => isOf(verdict, key))?.validation;
    const other = all.at(-1);
    if (said !== undefined || other === undefined) return said;
    const reason = `dataset linked to contract ${other.contractId}:${other.contractVersion}`;
    const { contractId, contractVersion } = other;
    const details = {
      ...{ contract_id: contractId, contract_version: contractVersion },
      ...{ dataset_id: datasetId, dataset_version: datasetVersion },
      details: writeValidation(other.validation).details,
      recorded_at: other.recordedAt,
    };
    const nothing = { errors: [], warnings: [], metrics: {}, schema: {} };
    return { ok: false, status: "block", reason, ...nothing, details };
  }

  async statusMatrix(datasetId: string, filter: StatusMatrixFilter = {}) {
    const all = await this.validationMatrix(datasetId, filter);
    return all.map(({ validation, ...key }) => ({ ...key, status: validation.status }));
  }

  /** As `statusMatrix`, with all that the worst verdict says. */
  async validationMatrix(datasetId: string, filter: StatusMatrixFilter = {}) {
    const { contractIds, datasetVersions } = filter;
    const all = await this.#history.worst(defined({ datasetId, contractIds, datasetVersions }));
    return all.map((verdict) => ({ ...keyOf(datasetId, verdict), validation: verdict.validation }));
  }

  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void> {
    return this.#history.add(dataset.datasetId, linkOf(dataset, contract), call);
  }

  linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    return this.#history.linked(datasetId, version);
  }

  async metrics(filter: { datasetId: string } & Partial<DatasetKey & ContractKey>) {
    const verdicts = await this.#history.verdicts(filterOf(filter));
    return verdicts.flatMap((verdict): MetricRecord[] =>
      Object.entries(verdict.validation.metrics).map(([metricKey, value]) => ({
        ...keyOf(filter.datasetId, verdict),
        statusRecordedAt: verdict.recordedAt,
        metricKey,
        metricValue: String(value),
        metricNumericValue: value,
      })),
    );
  }

  datasets(): Promise<readonly string[]> {
    return this.#history.datasets();
  }

  async activity(filter: { datasetId: string; datasetVersion?: string; includeStatus?: boolean }) {
    const { datasetId, includeStatus = false } = filter;
    const asked = filterOf(filter);
    const groups = grouped(await this.#history.activity(asked));
    const worst = includeStatus ? await this.#history.worst(asked) : [];
    const versions = groups.map(([{ datasetVersion }]) => datasetVersion);
    const traced = await this.#history.lastTraced(datasetId, versions);
    return groups.map((group): ActivityRecord => {
      const key = keyOf(datasetId, group[0]);
      const validationStatus = worst.find((each) => isOf(each, key))?.validation;
      const lineageEvent = traced.get(key.datasetVersion);
      return defined({ ...key, events: group.map(eventOf), lineageEvent, validationStatus });
    });
  }

  async datasetRecords({ datasetId, datasetVersion }: Partial<DatasetKey> = {}) {
    const ids = datasetId === undefined ? await this.datasets() : [datasetId];
    const { limit = Number.POSITIVE_INFINITY } = this.#history;
    const records: DatasetRecord[] = [];
    for (const id of ids) {
      if (records.length >= limit) break;
      const asked = filterOf(defined({ datasetId: id, datasetVersion }));
      const verdicts = await this.#history.worst(asked);
      records.push(...verdicts.map((verdict) => recordOf(id, verdict)));
    }
    return records.slice(0, limit);
  }

  async lineage(event: Properties, call?: CallOptions): Promise<void> {
    const datasets = subjectsOf(event);
    if (datasets.size > 0) return this.#history.trace(event, datasets, call);
    throw governanceError("GOVERNANCE_INVALID", "a lineage event names no dataset", {
      operation: "lineage",
      field: "outputs",
      expected: "inputs or outputs with a name",
      actual: "none",
    });
  }

  /** Of the contract's own rules, measured. */
  async #validation(contract: ContractDocument, { observations }: Evidence): Promise<Validation> {
    if (observations !== undefined) return this.#quality.evaluate(contract, observations);
    throw governanceError("GOVERNANCE_INVALID", "there is nothing to judge by", {
      operation: "evaluate",
      field: "observations",
      expected: "a validation, or observations",
      actual: "neither",
    });
  }

  #record(
    kind: "verdict" | "activity",
    operation: Operation,
    plan: GovernancePlan,
    { status, observationsReused }: QualityAssessment,
    call?: CallOptions,
  ): Promise<void> {
    const { contractId, contractVersion, datasetId, datasetVersion, pipelineContext } = plan;
    if (datasetId === undefined || datasetVersion === undefined) {
      throw governanceError("GOVERNANCE_INVALID", "the plan names no dataset version", {
        operation: kind === "verdict" ? "evaluate" : "register",
        field: datasetId === undefined ? "datasetId" : "datasetVersion",
        expected: "text",
        actual: "nothing",
      });
    }
    const context = pipelineOf(pipelineContext);
    const who = defined({ operation, pipelineContext: context, observationsReused });
    const what = { kind, datasetVersion, contractId, contractVersion };
    return this.#history.add(datasetId, defined({ ...what, ...who, validation: status }), call);
  }
}

/** The rules of a contract are the contract's: a history of verdicts does not repeat them. */
function withoutPlan({ details, ...judged }: Validation): Validation {
  const { expectation_plan: _, ...kept } = details;
  return { ...judged, details: kept };
}

function filterOf(asked: { datasetId: string } & Partial<DatasetKey & ContractKey>): HistoryFilter {
  const { datasetId, datasetVersion, contractId, contractVersion } = asked;
  const only = (value: string | undefined) => (value === undefined ? undefined : [value]);
  return defined({
    datasetId,
    datasetVersions: only(datasetVersion),
    contractIds: only(contractId),
    contractVersions: only(contractVersion),
  });
}
