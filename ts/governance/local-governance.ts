import type { ContractDocument } from "../config/types.js";
import type { DataQualityClient, GovernanceClient } from "./clients.js";
import type { DatasetLog } from "./dataset-log.js";
import { draftOf } from "./drafts.js";
import { governanceError } from "./fault.js";
import { judge } from "./judge.js";
import type { PlanResolver } from "./plans.js";
import {
  type Dated,
  eventOf,
  grouped,
  isOf,
  keyOf,
  recordOf,
  tracesOf,
  type Verdict,
  worstOf,
} from "./records.js";
import { worst } from "./status.js";
import type { Recorded, Traced } from "./store.js";
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
import { defined, pipelineOf } from "./wire.js";

/** Governance on a store of ours. Verdicts are only ever added; the worst of a version is its status. */
export class LocalGovernance implements GovernanceClient {
  readonly #log: DatasetLog;
  readonly #plans: PlanResolver;
  readonly #quality: DataQualityClient;

  constructor(log: DatasetLog, plans: PlanResolver, quality: DataQualityClient) {
    this.#log = log;
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
    const judged = judge(validation, operation);
    const draft =
      plan.draftOnViolation && !judged.ok
        ? draftOf({ ...plan, validation: judged, baseContract: contract })
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
    const all = await this.#verdicts({ datasetId, datasetVersion });
    const own = all.filter((verdict) => isOf(verdict, key));
    const said = worstOf(own)?.validation;
    const other = all.at(-1);
    if (said !== undefined || other === undefined) return said;
    const reason = `dataset linked to contract ${other.contractId}:${other.contractVersion}`;
    const { contractId, contractVersion } = other;
    const linked = { contract_id: contractId, contract_version: contractVersion };
    const details = { ...linked, dataset_id: datasetId, dataset_version: datasetVersion };
    const nothing = { errors: [], warnings: [], metrics: {}, schema: {} };
    return { ok: false, status: "block", reason, ...nothing, details };
  }

  async statusMatrix(datasetId: string, filter: StatusMatrixFilter = {}) {
    const { contractIds, datasetVersions } = filter;
    const verdicts = (await this.#verdicts({ datasetId })).filter(
      ({ contractId, datasetVersion }) =>
        (contractIds?.includes(contractId) ?? true) &&
        (datasetVersions?.includes(datasetVersion) ?? true),
    );
    return grouped(verdicts).map((group) => ({
      ...keyOf(datasetId, group[0]),
      status: worst(group.map(({ validation }) => validation.status)),
    }));
  }

  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void> {
    return this.#log.link(dataset, contract, call);
  }

  linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    return this.#log.linked(datasetId, version);
  }

  async metrics(filter: { datasetId: string } & Partial<DatasetKey & ContractKey>) {
    const { contractId, contractVersion } = filter;
    const verdicts = (await this.#verdicts(filter)).filter(
      (verdict) =>
        (contractId ?? verdict.contractId) === verdict.contractId &&
        (contractVersion ?? verdict.contractVersion) === verdict.contractVersion,
    );
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
    return this.#log.datasets();
  }

  async activity(filter: { datasetId: string; datasetVersion?: string; includeStatus?: boolean }) {
    const { datasetId, includeStatus = false } = filter;
    const verdicts = includeStatus ? await this.#verdicts(filter) : [];
    const traced = await this.#traced(datasetId);
    return grouped(await this.#recorded("activity", filter)).map((group): ActivityRecord => {
      const key = keyOf(datasetId, group[0]);
      const validationStatus = worstOf(verdicts.filter((each) => isOf(each, key)))?.validation;
      const isAbout = ({ datasetVersion = key.datasetVersion }: Traced) =>
        datasetVersion === key.datasetVersion;
      const lineageEvent = traced.findLast(isAbout)?.event;
      return defined({ ...key, events: group.map(eventOf), lineageEvent, validationStatus });
    });
  }

  async datasetRecords({ datasetId, datasetVersion }: Partial<DatasetKey> = {}) {
    const ids = datasetId === undefined ? await this.datasets() : [datasetId];
    const records: DatasetRecord[] = [];
    for (const id of ids) {
      const verdicts = await this.#verdicts(defined({ datasetId: id, datasetVersion }));
      records.push(...grouped(verdicts).map((group) => recordOf(id, group)));
    }
    return records;
  }

  async lineage(event: Properties, call?: CallOptions): Promise<void> {
    const traces = tracesOf(event);
    for (const [name, traced] of traces) await this.#log.add(name, traced, call);
    if (traces.size > 0) return;
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
    return this.#log.add(datasetId, defined({ ...what, ...who, validation: status }), call);
  }

  async #verdicts(filter: { datasetId: string; datasetVersion?: string }): Promise<Verdict[]> {
    const recorded = await this.#recorded("verdict", filter);
    return recorded.filter((each): each is Verdict => each.validation !== undefined);
  }

  async #recorded(
    kind: Recorded["kind"],
    { datasetId, datasetVersion }: { datasetId: string; datasetVersion?: string },
  ) {
    const found: Dated[] = [];
    for await (const entry of this.#log.entries(datasetId)) {
      if (entry.kind !== kind) continue;
      if ((datasetVersion ?? entry.datasetVersion) === entry.datasetVersion) found.push(entry);
    }
    return found;
  }

  async #traced(datasetId: string): Promise<Traced[]> {
    const traced: Traced[] = [];
    for await (const entry of this.#log.entries(datasetId)) {
      if (entry.kind === "lineage") traced.push(entry);
    }
    return traced;
  }
}
