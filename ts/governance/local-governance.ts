import type { ContractDocument } from "../config/types.js";
import type { DataQualityClient, GovernanceClient } from "./clients.js";
import type { DatasetLog } from "./dataset-log.js";
import { draftOf } from "./drafts.js";
import { governanceError } from "./fault.js";
import { judge, violationsOf } from "./judge.js";
import type { PlanResolver } from "./plans.js";
import { isWorse, worst } from "./status.js";
import type { Recorded } from "./store.js";
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

type Verdict = Recorded & { recordedAt: string; validation: Validation };

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
    const lineage = await this.#lineage(datasetId);
    const records = grouped(await this.#recorded("activity", filter)).map(
      (group): ActivityRecord => {
        const key = keyOf(datasetId, group[0]);
        const events = group.map(({ validation, ...event }) => ({
          operation: event.operation,
          contractId: event.contractId,
          contractVersion: event.contractVersion,
          recordedAt: event.recordedAt,
          ...(event.pipelineContext === undefined
            ? {}
            : { pipelineContext: event.pipelineContext }),
          observationsReused: event.observationsReused,
          dqStatus: validation?.status ?? "unknown",
          ...(validation?.reason === undefined ? {} : { dqReason: validation.reason }),
          ...(validation === undefined ? {} : { dqDetails: validation.details }),
        }));
        const about = verdicts.filter((verdict) => isOf(verdict, key));
        const validationStatus = worstOf(about)?.validation;
        return defined({ ...key, events, lineageEvent: lineage, validationStatus });
      },
    );
    return records;
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
    const names = datasetsOf(event);
    for (const name of names) await this.#log.add(name, { kind: "lineage", event }, call);
    if (names.length > 0) return;
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
    const found: (Recorded & { recordedAt: string })[] = [];
    for await (const entry of this.#log.entries(datasetId)) {
      if (entry.kind !== kind) continue;
      if ((datasetVersion ?? entry.datasetVersion) === entry.datasetVersion) found.push(entry);
    }
    return found;
  }

  async #lineage(datasetId: string): Promise<Properties | undefined> {
    let last: Properties | undefined;
    for await (const entry of this.#log.entries(datasetId)) {
      if (entry.kind === "lineage") last = entry.event;
    }
    return last;
  }
}

function isOf(recorded: Recorded, key: ContractKey & { datasetVersion: string }): boolean {
  const { contractId, contractVersion, datasetVersion } = recorded;
  return (
    contractId === key.contractId &&
    contractVersion === key.contractVersion &&
    datasetVersion === key.datasetVersion
  );
}

/** By dataset version and contract, in the order in which they were first told. */
function grouped<T extends Recorded>(recorded: readonly T[]): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const each of recorded) {
    const key = JSON.stringify([each.datasetVersion, each.contractId, each.contractVersion]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** The newest of the worst. */
function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.reduce<Verdict | undefined>((worse, each) => {
    const isBetter = worse && isWorse(worse.validation.status, each.validation.status);
    return isBetter ? worse : each;
  }, undefined);
}

function keyOf(datasetId: string, { datasetVersion, contractId, contractVersion }: Recorded) {
  return { datasetId, datasetVersion, contractId, contractVersion };
}

function recordOf(datasetId: string, group: [Verdict, ...Verdict[]]): DatasetRecord {
  const { validation, pipelineContext = {}, ...of } = worstOf(group) ?? group[0];
  const { details, reason, status } = validation;
  const text = (from: Properties, name: string) =>
    typeof from[name] === "string" ? (from[name] as string) : undefined;
  return defined({
    contractId: of.contractId,
    contractVersion: of.contractVersion,
    datasetName: datasetId,
    datasetVersion: of.datasetVersion,
    status,
    reason,
    violations: Number(details.violations ?? violationsOf(validation)),
    dqDetails: details,
    runType: text(pipelineContext, "run_type"),
    scenarioKey: text(pipelineContext, "scenario_key"),
    draftContractVersion: text(details, "draft_contract_version"),
    observationOperation: text(details, "observation_operation"),
    observationScope: text(details, "observation_scope"),
    observationLabel: text(details, "observation_label"),
  });
}

/** The datasets that an OpenLineage event is about. */
function datasetsOf({ inputs, outputs }: Properties): string[] {
  const all = [inputs, outputs].flatMap((each) => (Array.isArray(each) ? each : []));
  const names = all.map((each: { name?: unknown } | null) => each?.name);
  return [...new Set(names.filter((name): name is string => typeof name === "string"))];
}
