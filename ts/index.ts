export type { ShadowVerdict, StreamingBatch } from "./batch.js";
export type {
  ContractDocument,
  ContractReference,
  InputConfig,
  MaintenanceConfig,
  Options,
  StreamingConfig,
  StreamingNodeConfig,
  TableConfig,
  TransformConfig,
} from "./config/types.js";
export {
  type ContractIdentity,
  type ContractReport,
  checkContract,
} from "./contract/check.js";
export type { ContractFinding, ContractFindings } from "./contract/findings.js";
export {
  type ContractTestOptions,
  type ContractTestReport,
  type TestedRule,
  testContract,
} from "./contract/test.js";
export { STREAMING_ERROR_CODES, type StreamingErrorCode } from "./error-codes.js";
export {
  type ConfigIssue,
  type ErrorContext,
  type SourcePosition,
  StreamingError,
  StreamingFormatNotSupportedError,
  StreamingInterventionError,
  StreamingQueryError,
  StreamingValidationError,
} from "./errors.js";
export type { QueryHooks, StreamingObserver } from "./hooks.js";
export type {
  InterventionContext,
  InterventionDecision,
  StreamingInterventionStrategy,
} from "./intervention.js";
export type { Logger, LogLevel } from "./logger.js";
export {
  type CheckpointReport,
  checkpointTable,
  type OptimizeReport,
  optimizeTable,
  vacuumTable,
} from "./maintain.js";
export {
  adoptQuery,
  type OperationOptions,
  type QueryOperation,
  type RewindTarget,
  releaseQuery,
  rewindQuery,
} from "./operate.js";
export type { StreamingQueryProgress } from "./progress.js";
export type { StreamingQuery, StreamingQueryStatus } from "./query.js";
export { gracefulShutdown, type ShutdownOptions } from "./shutdown.js";
export { startQuery } from "./start.js";
export { type ConfigReport, type RuleCoverage, validateConfig } from "./validate.js";
export type { ValidationResult } from "./validation-result.js";
export type { BatchStatus, Metrics, RuleResult, Verdict } from "./verdict.js";
export {
  type PartitionStanding,
  type VerifiedRows,
  type VerifyOptions,
  type VerifyReport,
  verifyTable,
} from "./verify.js";
