import type { DataProductClient, GovernanceService } from "../governance/clients.js";
import type { GovernanceContext, OutputBinding } from "../governance/types.js";
import type { ValidationResult } from "../validation-result.js";
import type { ContractStream } from "./contract-stream.js";
import {
  type KnownContract,
  knownContract,
  namedContract,
  outputPort,
  selectedContract,
} from "./contracts.js";
import { checkProductStatus, mergedGates } from "./gates.js";
import { clientOf, resolvedPlan } from "./governed.js";
import { StreamWriter, type Write } from "./stream-writer.js";
import type { WriteStreamOptions } from "./write-options.js";

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
  return writerOf(stream, { contract, options, warnings: [], context: ofPipeline(options) });
}

/** As {@link writeStreamWithContract}, under the contract of a data product's output port. */
export async function writeStreamToDataProduct(
  stream: ContractStream,
  options: WriteStreamOptions & {
    outputBinding: OutputBinding;
    /** Default: those of `governance`. */
    dataProducts?: DataProductClient;
  },
): Promise<ValidationResult> {
  const { outputBinding, enforce = true, violationStrategy } = options;
  const { product, contract: selector } = await outputPort(
    clientOf("dataProducts", options),
    outputBinding,
  );
  const gates = mergedGates(violationStrategy ?? {}, options);
  const warnings = checkProductStatus(product, gates, enforce);
  const contract = await selectedContract(clientOf("contracts", options), selector);
  const context = { ...ofPipeline(options), outputBinding };
  return (await writerOf(stream, { contract, options, warnings, context })).start();
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
  const gates = mergedGates(violationStrategy ?? {}, options);
  const { plan, warnings } = await resolvedPlan("write", governance, context, gates, enforce);
  const contract = { source: plan.contract, document: plan.contract };
  const { contract: _, datasetId, datasetVersion, ...terms } = context;
  const named = { ...options, datasetId, datasetVersion } as WriteStreamOptions;
  const write = { contract, options: named, warnings, context: terms };
  return (await writerOf(stream, write)).start();
}

async function writerOf(
  stream: ContractStream,
  write: Omit<Write, "rejectsContract">,
): Promise<StreamWriter> {
  const { rejectsContract: named } = write.options;
  if (named === undefined) return new StreamWriter(stream, write);
  const rejectsContract = await namedContract(named, () => clientOf("contracts", write.options));
  return new StreamWriter(stream, { ...write, rejectsContract });
}

function ofPipeline({ pipelineContext }: WriteStreamOptions) {
  return pipelineContext === undefined ? {} : { pipelineContext };
}
