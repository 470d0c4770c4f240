export type { ContractStream } from "./contract-stream.js";
export type { LifecycleGates } from "./gates.js";
export {
  type ReadStreamOptions,
  readStreamFromContract,
  readStreamFromDataProduct,
  readStreamWithContract,
  readStreamWithGovernance,
  type StreamRead,
} from "./read.js";
export type { StreamFunction } from "./stream-function.js";
export type { StreamWriter } from "./stream-writer.js";
export {
  flagWriteViolationStrategy,
  noOpWriteViolationStrategy,
  type SplitOptions,
  splitWriteViolationStrategy,
  strictWriteViolationStrategy,
  type ViolationPlan,
  type WriteViolationStrategy,
} from "./violation-strategies.js";
export {
  streamWriter,
  writeStreamToDataProduct,
  writeStreamWithContract,
  writeStreamWithGovernance,
} from "./write.js";
export type { WriteStreamOptions } from "./write-options.js";
