import type { StreamingNodeConfig } from "../config/types.js";
import type {
  ContractClient,
  DataProductClient,
  GovernanceService,
} from "../governance/clients.js";
import type { GovernanceContext, OutputBinding, PipelineContext } from "../governance/types.js";
import type { QueryHooks } from "../hooks.js";
import type { ValidationResult } from "../validation-result.js";
import type { ContractStream } from "./contract-stream.js";
import { type KnownContract, knownContract, outputPort, selectedContract } from "./contracts.js";
import { checkProductStatus, type LifecycleGates } from "./gates.js";
import { clientOf, resolvedPlan } from "./governed.js";
import { StreamWriter } from "./stream-writer.js";
import type { WriteViolationStrategy } from "./violation-strategies.js";

type NodeOptions = Pick<
  StreamingNodeConfig,
  | ("output" | "rejects" | "deadLetters" | "streaming" | "batch" | "memory" | "maintenance")
  | ("durability" | "shadowContract" | "requireFullCoverage")
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

/** Writes a stream under a contract. Says of the schema before anything starts whether it fits. */
export async function writeStreamWithContract(
  stream: ContractStream,
  options: WriteStreamOptions & { contract: KnownContract["source"] },
): Promise<ValidationResult> {
  return (await streamWriter(stream, options)).start();
}

/** As {@link writeStreamWithContract}, to be started once, when you are ready. */
export async function streamWriter(
  stream: ContractStream,
  options: WriteStreamOptions & { contract: KnownContract["source"] },
): Promise<StreamWriter> {
  const contract = await knownContract(options.contract);
  return new StreamWriter(stream, {
    contract,
    options,
    warnings: [],
    context: ofPipeline(options),
  });
}

/** As {@link writeStreamWithContract}, under the contract of a data product's output port. */
export async function writeStreamToDataProduct(
  stream: ContractStream,
  options: WriteStreamOptions & {
    outputBinding: OutputBinding;
    /** Default: those of `governance`. */
    contracts?: ContractClient;
    /** Default: those of `governance`. */
    dataProducts?: DataProductClient;
  },
): Promise<ValidationResult> {
  const { outputBinding, enforce = true, violationStrategy } = options;
  const { product, contract: selector } = await outputPort(
    clientOf("dataProducts", options),
    outputBinding,
  );
  const warnings = checkProductStatus(product, { ...violationStrategy, ...options }, enforce);
  const contract = await selectedContract(clientOf("contracts", options), selector);
  const context = { ...ofPipeline(options), outputBinding };
  return new StreamWriter(stream, { contract, options, warnings, context }).start();
}

/** As {@link writeStreamWithContract}, with what governance makes of a context. */
export async function writeStreamWithGovernance(
  stream: ContractStream,
  options: Omit<WriteStreamOptions, "datasetId" | "datasetVersion" | "pipelineContext"> & {
    governance: GovernanceService;
    /** Its `datasetVersion` is a template. */
    context: GovernanceContext;
  },
): Promise<ValidationResult> {
  const { governance, context, enforce = true, violationStrategy } = options;
  const gates = { ...violationStrategy, ...options };
  const { plan, warnings } = await resolvedPlan("write", governance, context, gates, enforce);
  const contract = { source: plan.contract, document: plan.contract };
  const { contract: _, datasetId, datasetVersion, ...terms } = context;
  const named = { ...options, datasetId, datasetVersion } as WriteStreamOptions;
  const write = { contract, options: named, warnings, context: terms };
  return new StreamWriter(stream, write).start();
}

function ofPipeline({ pipelineContext }: WriteStreamOptions) {
  return pipelineContext === undefined ? {} : { pipelineContext };
}
