import type { ContractDocument } from "../config/types.js";
import type { Metrics } from "../verdict.js";
import type { GovernanceStatus, RecordStatus } from "./status.js";

export interface ContractKey {
  contractId: string;
  contractVersion: string;
}

/** `versionSelector`: `latest`, `newest` (drafts count), `==1.2.0` or `>=1.2.0`. Default: `latest`. */
export interface ContractSelector {
  contractId: string;
  contractVersion?: string;
  versionSelector?: string;
}

export interface DatasetKey {
  datasetId: string;
  datasetVersion: string;
}

/** An ODPS document as its YAML or JSON reads. */
export type DataProductDocument = ContractDocument;

export interface PageRequest {
  limit?: number;
  offset?: number;
}

export interface Page {
  items: readonly string[];
  total: number;
  limit?: number;
  offset: number;
}

export interface CallOptions {
  /** A service records what is sent under one key once. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export type Bump = "major" | "minor" | "patch";
export type Properties = Readonly<Record<string, unknown>>;

export interface OutputPort extends ContractKey {
  portName: string;
  /** Which part of the product's version the new port raises. Default: `minor`. */
  bump?: Bump;
  customProperties?: Properties;
}

export interface InputPort extends OutputPort {
  sourceDataProduct?: string;
  sourceOutputPort?: string;
}

export interface PortChange {
  product: DataProductDocument;
  /** False when the product has had the port all along. */
  changed: boolean;
}

export type ObservedSchema = Readonly<
  Record<string, { odcsType?: string; backendType?: string; nullable?: boolean }>
>;

/** What was measured of a dataset version: `row_count`, `violations.<rule>` and others. */
export interface Observations {
  metrics: Metrics;
  schema?: ObservedSchema;
  /** Measured for something else before. */
  reused?: boolean;
}

/** dc43's ValidationResult. `errors` and a status of `block` make it not `ok`. */
export interface Validation {
  ok: boolean;
  status: GovernanceStatus;
  reason?: string;
  errors: readonly string[];
  warnings: readonly string[];
  metrics: Metrics;
  schema: ObservedSchema;
  /** Whatever else there is to say, in the spelling of the wire. */
  details: Properties;
}

export interface Expectation {
  /** Its metric is `violations.<key>`. */
  key: string;
  rule: string;
  column?: string;
  /** The column need not be there. */
  optional: boolean;
  params?: Properties;
  predicate?: string;
}

/** Free, but for `pipeline`, its name, which a mere string stands for. */
export type PipelineContext = string | Properties;

export type Operation = "read" | "write";

export interface InputBinding {
  dataProduct: string;
  portName?: string;
  dataProductVersion?: string;
  sourceDataProduct?: string;
  sourceDataProductVersion?: string;
  sourceOutputPort?: string;
  sourceContractVersion?: string;
  bump?: Bump;
  customProperties?: Properties;
}

export interface OutputBinding {
  dataProduct: string;
  portName?: string;
  dataProductVersion?: string;
  bump?: Bump;
  customProperties?: Properties;
}

/** Who reads or writes what. The contract is named, or found by the port of a data product. */
export interface GovernanceContext extends Partial<DatasetKey> {
  contract?: ContractSelector;
  inputBinding?: InputBinding;
  outputBinding?: OutputBinding;
  datasetFormat?: string;
  pipelineContext?: PipelineContext;
  bump?: Bump;
  draftOnViolation?: boolean;
  /** The life-cycle states of a data product that may be used. */
  allowedDataProductStatuses?: readonly string[];
  allowMissingDataProductStatus?: boolean;
  dataProductStatusCaseInsensitive?: boolean;
  dataProductStatusFailureMessage?: string;
  /** False lets a product of another state pass. */
  enforceDataProductStatus?: boolean;
}

/** A context whose contract is known. */
export interface GovernancePlan extends Omit<GovernanceContext, "contract">, ContractKey {
  contract: ContractDocument;
}

/** What a plan or a dataset is judged by: an outcome that is known, or what was measured. */
export interface Evidence {
  validation?: Validation;
  observations?: Observations;
}

export interface EvaluateRequest extends Evidence, ContractKey, DatasetKey {
  /** Default: `read`. */
  operation?: Operation;
  bump?: Bump;
  context?: Properties;
  pipelineContext?: PipelineContext;
  draftOnViolation?: boolean;
}

export interface QualityAssessment {
  /** The verdict that was recorded. */
  status?: Validation;
  /** What it was made of. */
  validation?: Validation;
  draft?: ContractDocument;
  observationsReused: boolean;
}

export interface DraftRequest {
  validation: Validation;
  baseContract: ContractDocument;
  bump?: Bump;
  context?: Properties;
  pipelineContext?: PipelineContext;
}

export interface ReviewRequest extends DraftRequest, Partial<DatasetKey> {
  dataFormat?: string;
  dqStatus?: Validation;
  dqFeedback?: Properties;
  draftRequested?: boolean;
  operation?: Operation;
}

export interface StatusMatrixEntry extends DatasetKey, ContractKey {
  status: GovernanceStatus;
}

export interface StatusMatrixFilter {
  contractIds?: readonly string[];
  datasetVersions?: readonly string[];
}

export interface MetricRecord extends DatasetKey, ContractKey {
  statusRecordedAt: string;
  metricKey: string;
  metricValue: string;
  metricNumericValue?: number;
}

export interface ActivityEvent extends ContractKey {
  operation: string;
  recordedAt: string;
  pipelineContext?: Properties;
  observationsReused: boolean;
  dqStatus: GovernanceStatus;
  dqReason?: string;
  dqDetails?: Properties;
}

/** Everything that was registered of one dataset version, oldest event first. */
export interface ActivityRecord extends DatasetKey, ContractKey {
  events: readonly ActivityEvent[];
  lineageEvent?: Properties;
  /** Only if it was asked for. */
  validationStatus?: Validation;
}

export interface DatasetRecord extends ContractKey {
  datasetName: string;
  /** Empty for a write that was refused before it started. */
  datasetVersion: string;
  status: RecordStatus;
  reason?: string;
  violations: number;
  dqDetails: Properties;
  runType?: string;
  scenarioKey?: string;
  draftContractVersion?: string;
  dataProductId?: string;
  dataProductPort?: string;
  dataProductRole?: string;
  observationOperation?: string;
  observationScope?: string;
  observationLabel?: string;
}
