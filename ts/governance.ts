export type {
  ContractClient,
  DataProductClient,
  DataQualityClient,
  GovernanceClient,
  GovernanceService,
} from "./governance/clients.js";
export {
  type ComputedMetrics,
  type ComputeMetricsOptions,
  computeMetrics,
} from "./governance/compute-metrics.js";
export { httpGovernance } from "./governance/http.js";
export { fileSystemGovernance, inMemoryGovernance } from "./governance/local.js";
export { type GovernanceObserverOptions, governanceObserver } from "./governance/observer.js";
export {
  type GovernanceStatus,
  type RecordStatus,
  readRecordStatus,
  readStatus,
  worst,
} from "./governance/status.js";
export type { HttpGovernanceOptions } from "./governance/transport.js";
export type * from "./governance/types.js";
