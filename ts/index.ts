export type { ShadowVerdict, StreamingBatch } from "./batch.js";
export type {
  ContractAtUrl,
  ContractDocument,
  ContractParts,
  ContractProperty,
  ContractReference,
  ContractSource,
  ContractStoreOptions,
  FunctionTransformConfig,
  InputConfig,
  MaintenanceConfig,
  Options,
  ServerlessContract,
  SqlTransformConfig,
  StoredContractReference,
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
export * from "./contract-store/index.js";
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
export type { ObserverContext, QueryHooks, StreamingObserver } from "./hooks.js";
export type {
  Intervention,
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
export type {
  LineageDataset,
  LineageEvent,
  LineageEventType,
  LineageFacet,
  LineageFacets,
  LineageTransport,
} from "./openlineage/event.js";
export { consoleTransport, fileTransport } from "./openlineage/file-transport.js";
export { type HttpTransportOptions, httpTransport } from "./openlineage/http-transport.js";
export { openLineage } from "./openlineage/openlineage.js";
export type {
  LineageParent,
  OpenLineageOptions,
  SourceCodeLocation,
} from "./openlineage/options.js";
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
export type { RuleValue } from "./rule-values.js";
export type {
  FoundRows,
  RuleContext,
  RuleFunction,
  RuleFunctions,
  RuleHooks,
  RuleValues,
} from "./rules.js";
export type { ObservedTable, RunOutcome, StreamingRun } from "./run.js";
export * from "./scenarios/index.js";
export { gracefulShutdown, type ShutdownOptions } from "./shutdown.js";
export { startQuery } from "./start.js";
export * from "./strategies/index.js";
export * from "./streams/index.js";
export type {
  TransformContext,
  TransformedRow,
  TransformFunction,
  TransformFunctions,
  TransformHooks,
  TransformRow,
} from "./transforms.js";
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
