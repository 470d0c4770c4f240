import type { ContractDocument } from "../config/types.js";
import type {
  ActivityRecord,
  CallOptions,
  ContractKey,
  DataProductDocument,
  DatasetKey,
  DatasetRecord,
  DraftRequest,
  EvaluateRequest,
  Evidence,
  Expectation,
  GovernanceContext,
  GovernancePlan,
  InputPort,
  MetricRecord,
  Observations,
  Operation,
  OutputPort,
  Page,
  PageRequest,
  PortChange,
  Properties,
  QualityAssessment,
  ReviewRequest,
  StatusMatrixEntry,
  StatusMatrixFilter,
  Validation,
} from "./types.js";

/** Documents in versions. Headgate's own services never replace a version by other content. */
interface VersionedDocuments<Document> {
  /** Under the `id` and the `version` that it names. */
  put(document: Document, call?: CallOptions): Promise<void>;
  get(id: string, version: string, call?: CallOptions): Promise<Document | undefined>;
  /** Ids. */
  list(page?: PageRequest, call?: CallOptions): Promise<Page>;
  /** The highest release; the highest draft where nothing was released. */
  latest(id: string, call?: CallOptions): Promise<Document | undefined>;
  versions(id: string, call?: CallOptions): Promise<readonly string[]>;
}

export interface ContractClient extends VersionedDocuments<ContractDocument> {
  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void>;
  /** What a dataset version is linked to; without a version, what was linked last. */
  linked(datasetId: string, version?: string, call?: CallOptions): Promise<ContractKey | undefined>;
}

export interface DataProductClient extends VersionedDocuments<DataProductDocument> {
  /** A port that is new makes a draft of the product; one that is there changes nothing. */
  addInputPort(id: string, port: InputPort, call?: CallOptions): Promise<PortChange>;
  addOutputPort(id: string, port: OutputPort, call?: CallOptions): Promise<PortChange>;
  outputPortContract(
    id: string,
    portName: string,
    call?: CallOptions,
  ): Promise<ContractKey | undefined>;
}

export interface DataQualityClient {
  evaluate(
    contract: ContractDocument,
    observations: Observations,
    call?: CallOptions,
  ): Promise<Validation>;
  expectations(contract: ContractDocument, call?: CallOptions): Promise<readonly Expectation[]>;
}

/**
 * Verdicts of dataset versions. They are only ever added to: of several verdicts of one version the
 * worst is its status.
 */
export interface GovernanceClient {
  /** Hands over credentials, to a service that wants more than a bearer token. */
  authenticate(credentials: Properties, call?: CallOptions): Promise<void>;
  resolve(
    operation: Operation,
    context: GovernanceContext,
    call?: CallOptions,
  ): Promise<GovernancePlan>;
  /** Records the verdict. */
  evaluatePlan(
    operation: Operation,
    plan: GovernancePlan,
    evidence: Evidence,
    call?: CallOptions,
  ): Promise<QualityAssessment>;
  /** Records who did it, and links the dataset version to the contract. */
  register(
    operation: Operation,
    plan: GovernancePlan,
    assessment: QualityAssessment,
    call?: CallOptions,
  ): Promise<void>;
  /** All in one: judges, records and registers. */
  evaluate(request: EvaluateRequest, call?: CallOptions): Promise<QualityAssessment>;
  /** A draft, if one was asked for or the validation gives cause for one. */
  review(request: ReviewRequest, call?: CallOptions): Promise<ContractDocument | undefined>;
  draft(request: DraftRequest, call?: CallOptions): Promise<ContractDocument>;
  /** Of a version that was held against another contract: `block`. */
  status(key: ContractKey & DatasetKey, call?: CallOptions): Promise<Validation | undefined>;
  statusMatrix(
    datasetId: string,
    filter?: StatusMatrixFilter,
    call?: CallOptions,
  ): Promise<readonly StatusMatrixEntry[]>;
  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void>;
  linked(datasetId: string, version?: string, call?: CallOptions): Promise<ContractKey | undefined>;
  metrics(
    filter: { datasetId: string } & Partial<DatasetKey & ContractKey>,
    call?: CallOptions,
  ): Promise<readonly MetricRecord[]>;
  datasets(call?: CallOptions): Promise<readonly string[]>;
  activity(
    filter: { datasetId: string; datasetVersion?: string; includeStatus?: boolean },
    call?: CallOptions,
  ): Promise<readonly ActivityRecord[]>;
  datasetRecords(
    filter?: Partial<DatasetKey>,
    call?: CallOptions,
  ): Promise<readonly DatasetRecord[]>;
  /** An OpenLineage event. */
  lineage(event: Properties, call?: CallOptions): Promise<void>;
}

/** The four clients of one service. */
export interface GovernanceService {
  contracts: ContractClient;
  dataProducts: DataProductClient;
  dataQuality: DataQualityClient;
  governance: GovernanceClient;
}
