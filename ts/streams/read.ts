import type { InputConfig } from "../config/types.js";
import type {
  ContractClient,
  DataProductClient,
  GovernanceService,
} from "../governance/clients.js";
import type {
  ContractSelector,
  GovernanceContext,
  InputBinding,
  PipelineContext,
} from "../governance/types.js";
import type { Logger } from "../logger.js";
import { LiveValidation, type ValidationResult } from "../validation-result.js";
import { ContractStream } from "./contract-stream.js";
import {
  inputPort,
  type KnownContract,
  keyOf,
  knownContract,
  selectedContract,
} from "./contracts.js";
import { checkContractStatus, checkProductStatus, type LifecycleGates } from "./gates.js";
import { clientOf, resolvedPlan } from "./governed.js";
import { type GovernedRead, registerRead } from "./read-governance.js";
import type { StreamInput } from "./stream-plan.js";

export interface ReadStreamOptions extends LifecycleGates {
  /** As a node's `input`; `decode` is `json` unless it is given. */
  input: Omit<InputConfig, "contract">;
  /** False lets gates and verdicts warn where they would throw. Default: true. */
  enforce?: boolean;
  /** Is told of the read, under `datasetId`. */
  governance?: GovernanceService;
  /** What governance calls that which is read. Default: the contract's id. */
  datasetId?: string;
  /** Default: `unknown`. */
  datasetVersion?: string;
  pipelineContext?: PipelineContext;
  /**
   * Asks governance for the newest verdict of `datasetId`, or of its `datasetVersion`: `validation`
   * has it. One of `block` throws, unless `enforce` is false. Default: false.
   */
  latestVerdict?: boolean;
  /** Of what went wrong beside the read. Default: warnings on standard error. */
  logger?: Logger;
}

export interface StreamRead {
  stream: ContractStream;
  /** Of the schema alone, with status `unknown`; batches count once a write is judged by the same contract. */
  validation: ValidationResult;
}

/** The stream of a source under a contract: its path, a reference to it, or the document. */
export async function readStreamWithContract(
  options: ReadStreamOptions & { contract: KnownContract["source"] },
): Promise<StreamRead> {
  return read(await knownContract(options.contract), options);
}

/** As {@link readStreamWithContract}, with the contract that a client has under an id. */
export async function readStreamFromContract(
  options: ReadStreamOptions & {
    contract: ContractSelector;
    /** Default: those of `governance`. */
    contracts?: ContractClient;
  },
): Promise<StreamRead> {
  return read(await selectedContract(clientOf("contracts", options), options.contract), options);
}

/**
 * As {@link readStreamWithContract}, with the contract of a data product's port: of the output port
 * of `sourceDataProduct`, if it is given, else of the product's own input port.
 */
export async function readStreamFromDataProduct(
  options: ReadStreamOptions & {
    inputBinding: InputBinding;
    /** Default: those of `governance`. */
    contracts?: ContractClient;
    /** Default: those of `governance`. */
    dataProducts?: DataProductClient;
  },
): Promise<StreamRead> {
  const products = clientOf("dataProducts", options);
  const { product, contract } = await inputPort(products, options.inputBinding);
  const warnings = checkProductStatus(product, options, options.enforce ?? true);
  const known = await selectedContract(clientOf("contracts", options), contract);
  return read(known, options, { warnings });
}

/** As {@link readStreamWithContract}, with what governance makes of a context. */
export async function readStreamWithGovernance(
  options: Omit<ReadStreamOptions, "datasetId" | "datasetVersion" | "pipelineContext"> & {
    governance: GovernanceService;
    context: GovernanceContext;
  },
): Promise<StreamRead> {
  const { governance, context, enforce = true } = options;
  const { plan, warnings } = await resolvedPlan("read", governance, context, options, enforce);
  const { datasetId, datasetVersion, pipelineContext } = context;
  const named = { datasetId, datasetVersion, pipelineContext };
  const known = { source: plan.contract, document: plan.contract };
  return read(known, { ...options, ...named } as ReadStreamOptions, { warnings, plan });
}

async function read(
  contract: KnownContract,
  options: ReadStreamOptions,
  { warnings = [], plan }: Pick<GovernedRead, "plan"> & { warnings?: string[] } = {},
): Promise<StreamRead> {
  const { enforce = true, datasetId = keyOf(contract).contractId, datasetVersion } = options;
  const cautions = [...warnings, ...checkContractStatus(contract.document, options, enforce)];
  const details = { operation: "read", ...keyOf(contract) };
  const validation = new LiveValidation({ datasetId, columns: [] }, details);
  if (datasetVersion !== undefined) validation.datasetVersion = datasetVersion;
  validation.caution(cautions);
  const origin = { input: inputOf(options.input, contract), contract, validation };
  const stream = new ContractStream(origin);
  validation.schema = stream.schema;
  if (options.governance !== undefined) {
    const { governance, pipelineContext, latestVerdict = false, logger } = options;
    const told = { governance, contract, datasetId, datasetVersion, pipelineContext, plan };
    await registerRead({ ...told, latestVerdict, enforce, logger }, validation);
  }
  return { stream, validation };
}

/** What a server of the contract would supply belongs to a node, not to the shape of payloads. */
function inputOf(input: ReadStreamOptions["input"], { source }: KnownContract): StreamInput {
  const isSaid = input.decode !== undefined || input.parseJson !== undefined;
  const decode = isSaid ? {} : { decode: "json" as const };
  if (typeof source === "string" || !("path" in source))
    return { ...decode, ...input, contract: source };
  const { path, schema } = source as { path: string; schema?: string };
  return { ...decode, ...input, contract: schema === undefined ? path : { path, schema } };
}
