import type { ContractDocument, ContractReference, StreamingNodeConfig } from "../config/types.js";
import type { ContractClient, GovernanceService } from "../governance/clients.js";
import type { ContractSelector, PipelineContext } from "../governance/types.js";
import type { QueryHooks } from "../hooks.js";
import type { LifecycleGates } from "./gates.js";
import type { WriteViolationStrategy } from "./violation-strategies.js";

type NodeOptions = Pick<
  StreamingNodeConfig,
  | ("output" | "rejects" | "deadLetters" | "sinks" | "streaming" | "batch" | "memory")
  | ("maintenance" | "durability" | "shadowContract" | "requireFullCoverage")
>;

/** Where and how a stream is written, and who is told. Hooks are those of `startQuery`. */
export interface WriteStreamOptions
  extends NodeOptions,
    LifecycleGates,
    Omit<QueryHooks, "transforms"> {
  /** Of the query, stable across restarts. Default: `datasetId`. */
  name?: string;
  /**
   * True: a batch that breaks the contract is blocked and fails the query, and a schema that does not
   * fit throws. False: such a batch warns and is written, and a schema that does not fit is answered
   * as a result that is not ok. No query is started on such a schema, either way. Default: true.
   */
  enforce?: boolean;
  /**
   * What the rejects are held against, as a node's `rejectsContract`, or by its id. The gates are its
   * own, too. Governance is told of them as of a dataset under this contract, by the versions of the
   * output's batches.
   */
  rejectsContract?:
    | string
    | Omit<ContractReference, "server">
    | ContractDocument
    | ContractSelector;
  /** Has the contracts that are named by an id. Default: those of `governance`. */
  contracts?: ContractClient;
  /** Default: {@link noOpWriteViolationStrategy}. Any other decides itself what `enforce` says of batches. */
  violationStrategy?: WriteViolationStrategy;
  /** Is told of every batch, as its log has it, and of a write that was refused. */
  governance?: GovernanceService;
  /** What governance calls the output. Default: its table name, or its path. */
  datasetId?: string;
  /**
   * A template: `{batch_id}`, `{timestamp}` (%Y%m%d%H%M%S, UTC) and `{unix_timestamp}` (seconds), both
   * of when the batch was opened. Default: the Delta version that committed the batch.
   */
  datasetVersion?: string;
  pipelineContext?: PipelineContext;
}
