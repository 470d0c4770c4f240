import type { SideRows, StreamingBatch } from "../batch.js";
import type { StreamingNodeConfig } from "../config/types.js";
import { type ConfigIssue, StreamingValidationError } from "../errors.js";
import { invalidArgument } from "../failure.js";
import { type VersionOf, versionTemplate } from "../governance/dataset-version.js";
import type { GovernancePlan } from "../governance/types.js";
import type { QueryHooks } from "../hooks.js";
import { withJson } from "../json.js";
import { startInto } from "../start.js";
import { LiveValidation, schemaOf, type ValidationResult } from "../validation-result.js";
import type { ContractStream } from "./contract-stream.js";
import { isSameContract, type KnownContract, keyOf } from "./contracts.js";
import { misfitIssues, misfitText, nodeRead } from "./fit.js";
import { checkContractStatus, mergedGates } from "./gates.js";
import { tellUnlessDown } from "./governed.js";
import { governedRejects, rejectsDataset, rejectsObserver } from "./rejects-governance.js";
import type { StreamPlan } from "./stream-plan.js";
import type { ViolationPlan } from "./violation-strategies.js";
import { noOpWriteViolationStrategy } from "./violation-strategies.js";
import { type GovernedWrite, recordRefusal, writeObserver, writePlan } from "./write-governance.js";
import type { WriteStreamOptions } from "./write-options.js";

/** What a write stands on, once its contract is known. */
export interface Write {
  contract: KnownContract;
  /** Of the rejects, if they have one. */
  rejectsContract?: KnownContract;
  options: WriteStreamOptions;
  /** Of gates that were passed on the way here. */
  warnings: readonly string[];
  context: Partial<GovernedWrite["context"]>;
}

/** One write of one stream: it is started once. */
export class StreamWriter {
  /** Of the query. */
  readonly name: string;
  readonly #stream: ContractStream;
  readonly #write: Write;
  readonly #target: ViolationPlan;
  readonly #rejectsDataset: string | undefined;
  readonly #versionOf: VersionOf | undefined;
  readonly #governed: GovernedWrite | undefined;
  readonly #governedRejects: GovernedWrite | undefined;
  #isUsed = false;

  /** @internal */
  constructor(stream: ContractStream, write: Write) {
    const { options, contract, rejectsContract, context } = write;
    const { enforce = true, output, rejects, datasetVersion, governance } = options;
    this.#stream = stream;
    this.#write = write;
    const asked = { onViolation: enforce ? "block" : "allow", output, rejects } as const;
    const { contractId } = keyOf(contract);
    const datasetId = options.datasetId ?? output.tableName ?? output.path ?? contractId;
    this.name = options.name ?? datasetId;
    this.#target = this.#strategy.plan({ ...asked, datasetId });
    this.#versionOf = datasetVersion === undefined ? undefined : versionTemplate(datasetVersion);
    const named = { datasetId: this.#target.datasetId, datasetFormat: "delta" };
    // The gates were this side's to keep.
    const passed = { ...context, ...named, enforceDataProductStatus: false };
    this.#governed = governance && { governance, contract, context: passed };
    this.#rejectsDataset = rejectsDataset(this.#target);
    this.#governedRejects =
      this.#governed && rejectsContract && this.#rejectsDataset !== undefined
        ? governedRejects(this.#governed, rejectsContract, this.#rejectsDataset)
        : undefined;
  }

  /**
   * Starts the query, and answers what is known of its output, kept live. Where the schema does not
   * fit the contract no query is started: governance is told why, then it throws, or answers a
   * result that is not ok if `enforce` is false. A second call throws.
   */
  async start(): Promise<ValidationResult> {
    if (this.#isUsed) throw used();
    this.#isUsed = true;
    const { contract, options, warnings, rejectsContract } = this.#write;
    const { enforce = true, logger } = options;
    const gates = mergedGates(this.#strategy, options);
    const contracts = [contract, ...(rejectsContract === undefined ? [] : [rejectsContract])];
    const gate = ({ document }: KnownContract) => checkContractStatus(document, gates, enforce);
    const cautions = [...warnings, ...contracts.flatMap(gate)];
    const plan = this.#stream.heldAgainst(contract);
    const validation = this.#validation();
    validation.caution(cautions);
    let governed: GovernancePlan | undefined;
    const resolve = async () => {
      governed = this.#governed && (await writePlan(this.#governed));
      if (this.#governedRejects !== undefined) await writePlan(this.#governedRejects);
    };
    validation.caution(await tellUnlessDown("of the write", resolve, logger));
    const issues = misfitIssues(plan);
    if (issues.length === 0) return this.#begin(plan, validation);
    validation.schema = this.#stream.schema;
    validation.fail(issues.map(misfitText));
    await this.#refuse(validation, governed);
    if (enforce) throw refused(issues, validation);
    return validation;
  }

  get #strategy() {
    return this.#write.options.violationStrategy ?? noOpWriteViolationStrategy();
  }

  async #begin(plan: StreamPlan, validation: LiveValidation): Promise<ValidationResult> {
    const { origin } = this.#stream;
    const { contract } = this.#write;
    const read = nodeRead(this.#stream, contract, plan);
    validation.schema = schemaOf(plan.wanted);
    // Each write reads for itself: what is read is counted by the first.
    const isFirst = origin.validation.streamingQueries.length === 0;
    if (isFirst && isSameContract(origin.contract, contract)) validation.tell(origin.validation);
    const query = await startInto(this.#node(read), this.#hooks(), validation);
    origin.validation.streamingQueries.push(query);
    return validation;
  }

  #node(read: Pick<StreamingNodeConfig, "input" | "transforms" | "contract">): StreamingNodeConfig {
    const { options } = this.#write;
    const { deadLetters, streaming, batch, memory, maintenance, durability } = options;
    const { shadowContract, requireFullCoverage, sinks } = options;
    const rejectsContract = this.#write.rejectsContract?.source;
    const { onViolation, output, rejects } = this.#target;
    const { name } = this;
    const tables = { output, rejects, rejectsContract, deadLetters, sinks };
    const node = { name, ...read, onViolation, ...tables, streaming, batch, memory, maintenance };
    return { ...node, durability, shadowContract, requireFullCoverage };
  }

  #hooks(): QueryHooks {
    const { options } = this.#write;
    const { observers = [] } = options;
    const { datasetVersion: template } = options;
    const governance = [
      this.#governed && writeObserver(this.#governed, template),
      this.#governedRejects && rejectsObserver(this.#governedRejects, template),
    ].filter((observer) => observer !== undefined);
    // It takes its hooks and leaves the rest.
    return { ...options, ...this.#functions(), observers: [...governance, ...observers] };
  }

  #functions() {
    const made = this.#stream.steps.flatMap(({ transform, apply }) =>
      "function" in transform && apply !== undefined ? [[transform.function, apply]] : [],
    );
    return made.length === 0 ? {} : { transforms: Object.fromEntries(made) };
  }

  #validation(): LiveValidation {
    const { datasetId, rejectsDatasetId, onViolation } = this.#target;
    const { contract, rejectsContract } = this.#write;
    const of = { operation: "write", query: this.name, onViolation, ...keyOf(contract) };
    const ofRejects = rejectsContract && keyOf(rejectsContract);
    const rejects = { datasetId: this.#rejectsDataset, ...ofRejects };
    const details = rejects.datasetId === undefined ? of : { ...of, rejects };
    const terms = {
      named: (batch: StreamingBatch) => this.#named(batch, datasetId, rejectsDatasetId),
      faultOf: (batch: StreamingBatch) => this.#strategy.faultOf?.(batch),
    };
    return new LiveValidation({ datasetId, columns: [] }, details, terms);
  }

  #named(batch: StreamingBatch, datasetId: string, rejectsDatasetId?: string): StreamingBatch {
    const version = batch.datasetVersion && (this.#versionOf?.(batch) ?? batch.datasetVersion);
    const side = (rows: SideRows | undefined) =>
      rows?.name === "rejects" && rejectsDatasetId !== undefined
        ? { ...rows, datasetId: rejectsDatasetId }
        : rows;
    const [rejects, rerouted] = [side(batch.rejects), side(batch.rerouted)];
    const named = { ...batch, datasetId, datasetVersion: version, rejects, rerouted };
    return Object.freeze(withJson(named));
  }

  async #refuse(validation: LiveValidation, plan: GovernancePlan | undefined): Promise<void> {
    const governed = this.#governed;
    if (governed === undefined || plan === undefined) return;
    const record = () => recordRefusal(governed, plan, validation);
    validation.caution(
      await tellUnlessDown("why nothing started", record, this.#write.options.logger),
    );
  }
}

function refused(issues: readonly ConfigIssue[], { errors }: ValidationResult) {
  const [first] = issues;
  const { code = "CONTRACT_VIOLATED", ...context } = first ?? {
    operation: "write",
    component: "stream",
  };
  const message = `the stream does not fit the contract: ${errors.join("; ")}`;
  return new StreamingValidationError(code, message, { context, issues });
}

function used(): Error {
  return invalidArgument("a writer is started once", {
    operation: "start",
    component: "stream",
    field: "writer",
    expected: "a writer that was not started yet",
    actual: "one that was",
    details: "make another of the stream: streamWriter(stream, options)",
  });
}
