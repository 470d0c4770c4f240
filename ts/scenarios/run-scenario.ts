import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { amount } from "../cli/text.js";
import { emptyDemoFolder } from "../demo/folder.js";
import { StreamingValidationError } from "../errors.js";
import { invalidArgument } from "../failure.js";
import type { GovernanceService } from "../governance/clients.js";
import { fileSystemGovernance } from "../governance/local.js";
import { worst } from "../governance/status.js";
import type { Logger } from "../logger.js";
import type { StreamingQuery } from "../query.js";
import { knownContract } from "../streams/contracts.js";
import { misfitText } from "../streams/fit.js";
import {
  type ContractStream,
  readStreamWithContract,
  writeStreamWithContract,
} from "../streams/index.js";
import type { ValidationResult } from "../validation-result.js";
import type { ScenarioEvent, ScenarioOutcome, ScenarioRunType } from "./scenario-event.js";
import { ScenarioTally, statusWord } from "./scenario-tally.js";
import {
  contractOf,
  DATASETS,
  ROWS_PER_SECOND,
  SCENARIOS,
  type ScenarioName,
} from "./scenarios.js";

export interface ScenarioOptions {
  /** How long rows are read, more than 0. Default: 8; 3 for `schema-break`, which reads none. */
  seconds?: number;
  /**
   * `enforce` moves rows that break the contract to the rejects and refuses a schema that does not
   * fit; `observe` copies such rows there and says what is wrong. Default: `enforce`.
   */
  runType?: ScenarioRunType;
  /**
   * Where the tables and the records of governance go, in a folder of the scenario's name, which is
   * emptied if an earlier scenario made it. Default: `./headgate-scenarios`.
   */
  dir?: string;
  /** In order, as things happen. */
  onEvent?(event: ScenarioEvent): void;
  /** Ends it early, with whatever was committed by then. */
  signal?: AbortSignal;
  /** Default: warnings on standard error. */
  logger?: Logger;
}

const STREAMING = { trigger: { type: "processing_time", interval: "1 second" } } as const;

/**
 * One of three walkthroughs on rows that are made up: all hold, some are rejected, the schema breaks.
 * Resolves with how it came out; rejects if a query failed, or the folder is not its own.
 */
export async function runStreamingScenario(
  name: ScenarioName,
  options: ScenarioOptions = {},
): Promise<ScenarioOutcome> {
  const { seconds = SCENARIOS[name]?.seconds, runType = "enforce" } = options;
  checkArguments(name, seconds, runType);
  const folder = join(options.dir ?? "headgate-scenarios", name);
  await emptyDemoFolder(folder, "scenario");
  return new ScenarioRun(name, folder, { ...options, seconds, runType }).run();
}

type Terms = ScenarioOptions & Required<Pick<ScenarioOptions, "seconds" | "runType">>;

class ScenarioRun {
  readonly #name: ScenarioName;
  readonly #folder: string;
  readonly #terms: Terms;
  readonly #service: GovernanceService;
  readonly #tally: ScenarioTally;

  constructor(name: ScenarioName, folder: string, terms: Terms) {
    this.#name = name;
    this.#folder = folder;
    this.#terms = terms;
    const { logger } = terms;
    this.#service = fileSystemGovernance(
      this.#governancePath,
      logger === undefined ? {} : { logger },
    );
    const rejects = { datasetId: DATASETS.rejects, path: this.#path("rejects") };
    this.#tally = new ScenarioTally((event) => this.#tell(event), rejects);
  }

  async run(): Promise<ScenarioOutcome> {
    const { runType, seconds } = this.#terms;
    const { title } = SCENARIOS[this.#name];
    const scenario = this.#name;
    this.#tell({
      type: "started",
      scenario,
      title,
      seconds,
      runType,
      rowsPerSecond: ROWS_PER_SECOND,
    });
    for (const dataset of ["events", "processed", "rejects"] as const) {
      const { document } = await knownContract(contractOf(dataset));
      await this.#service.contracts.put(document);
    }
    const stream = await this.#read();
    const written = await this.#write(stream);
    if (!("streamingQueries" in written)) return this.#refused(written);
    const [query] = written.streamingQueries;
    if (query === undefined) return this.#refused(written.errors);
    this.#stage("Validation", "success", `${columnsOf(stream)} fit ${DATASETS.processed}`);
    this.#stage("Streaming", "info", `query ${query.name} writes ${this.#path("processed")}`);
    await this.#follow(query);
    return this.#complete(written);
  }

  async #read(): Promise<ContractStream> {
    const { stream } = await readStreamWithContract({
      input: { format: "rate", options: { rowsPerSecond: ROWS_PER_SECOND } },
      contract: contractOf("events"),
      datasetId: DATASETS.events,
      ...this.#context(),
    });
    this.#stage("Read", "success", `${DATASETS.events} has ${columnsOf(stream)}`);
    return SCENARIOS[this.#name].transform(stream);
  }

  /** Or why nothing was started, which `enforce` throws and `observe` answers. */
  async #write(stream: ContractStream): Promise<ValidationResult | readonly string[]> {
    const isEnforced = this.#terms.runType === "enforce";
    try {
      return await writeStreamWithContract(stream, {
        name: `scenario-${this.#name}`,
        contract: contractOf("processed"),
        output: { format: "delta", path: this.#path("processed") },
        rejects: { format: "delta", path: this.#path("rejects") },
        rejectsContract: contractOf("rejects"),
        violationStrategy: {
          plan: (write) => ({
            ...write,
            onViolation: isEnforced ? "split" : "allow",
            rejectsDatasetId: DATASETS.rejects,
          }),
        },
        enforce: isEnforced,
        datasetId: DATASETS.processed,
        streaming: STREAMING,
        onStreamingBatch: (batch) => this.#tally.add(batch),
        ...this.#context(),
      });
    } catch (error) {
      if (!StreamingValidationError.is(error, "CONTRACT_VIOLATED")) throw error;
      return error.issues.map(misfitText);
    }
  }

  #context() {
    const scenario_key = this.#name;
    const pipelineContext = {
      pipeline: "headgate.scenario",
      run_type: this.#terms.runType,
      scenario_key,
    };
    const { logger } = this.#terms;
    return { governance: this.#service, pipelineContext, ...(logger && { logger }) };
  }

  /** Until the time is over, or somebody ends it. */
  async #follow(query: StreamingQuery): Promise<void> {
    const { seconds, signal } = this.#terms;
    const beats = this.#beat(query.progress());
    beats.catch(() => {}); // Heard once the query has stopped.
    const over = new AbortController();
    const end = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
    const time = sleep(seconds * 1_000, undefined, { signal: end }).catch(() => {});
    const ended = query.awaitTermination();
    try {
      await Promise.race([time, ended]);
    } finally {
      over.abort();
      await query.stop();
    }
    await Promise.all([ended, beats]);
  }

  async #beat(progress: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of progress) {
      const { batches, counts } = this.#tally;
      this.#tell({ type: "heartbeat", batches, records: counts.records });
    }
  }

  async #refused(reasons: readonly string[]): Promise<ScenarioOutcome> {
    for (const reason of reasons) this.#stage("Validation", "error", reason);
    const reason = reasons[0] ?? "the schema does not fit";
    this.#stage("Streaming", "info", "no query was started, and no table made");
    return this.#conclude({ status: "error", reason });
  }

  async #complete({ datasetVersion }: ValidationResult): Promise<ScenarioOutcome> {
    const { status, reason } = this.#tally;
    const rejects = await this.#governedRejects();
    return this.#conclude({
      status,
      ...(reason !== undefined && { reason }),
      ...(datasetVersion !== undefined && { datasetVersion }),
      ...(rejects !== undefined && { rejects }),
    });
  }

  /** The rejects have a contract of their own: what governance has under it, batch by batch. */
  async #governedRejects(): Promise<ScenarioOutcome["rejects"]> {
    const { numRejected: rowCount, rejectsVersion: datasetVersion } = this.#tally;
    if (datasetVersion === undefined) return undefined;
    const [datasetId, path] = [DATASETS.rejects, this.#path("rejects")];
    const matrix = await this.#service.governance.statusMatrix(datasetId);
    const status = statusWord(worst(matrix.map((entry) => entry.status)));
    return { datasetId, path, rowCount, datasetVersion, status };
  }

  async #conclude(found: {
    status: ScenarioOutcome["status"];
    reason?: string;
    datasetVersion?: string;
    rejects?: ScenarioOutcome["rejects"];
  }): Promise<ScenarioOutcome> {
    const { governance } = this.#service;
    const { length: records } = await governance.datasetRecords({ datasetId: DATASETS.processed });
    this.#stage(
      "Governance",
      "success",
      `${amount(records, "verdict")} of ${DATASETS.processed} recorded`,
    );
    const { datasetVersion, ...rest } = found;
    const output = { datasetId: DATASETS.processed, path: this.#path("processed") };
    const outcome: ScenarioOutcome = {
      ...{ scenario: this.#name, runType: this.#terms.runType, ...rest },
      ...{ batches: this.#tally.batches, counts: this.#tally.counts },
      output: datasetVersion === undefined ? output : { ...output, datasetVersion },
      governance: { path: this.#governancePath, records },
    };
    this.#tell({ type: "complete", ...outcome });
    return outcome;
  }

  #stage(
    phase: Extract<ScenarioEvent, { type: "stage" }>["phase"],
    status: Extract<ScenarioEvent, { type: "stage" }>["status"],
    title: string,
  ): void {
    this.#tell({ type: "stage", phase, status, title });
  }

  #tell(event: ScenarioEvent): void {
    this.#terms.onEvent?.(event);
  }

  #path(table: "processed" | "rejects"): string {
    return join(this.#folder, `events_${table}`);
  }

  get #governancePath(): string {
    return join(this.#folder, "governance");
  }
}

function columnsOf({ schema }: ContractStream): string {
  return Object.keys(schema).join(", ");
}

function checkArguments(name: string, seconds: number | undefined, runType: string): void {
  const refuse = (field: string, expected: string, actual: unknown) =>
    invalidArgument(`a scenario cannot run so: ${field}`, {
      ...{ operation: "start", component: "scenario", field, expected, actual: String(actual) },
    });
  const names = Object.keys(SCENARIOS);
  if (!names.includes(name)) throw refuse("name", names.join(", "), name);
  if (!(Number(seconds) > 0)) throw refuse("seconds", "more than 0", seconds);
  if (runType !== "observe" && runType !== "enforce") {
    throw refuse("runType", "observe or enforce", runType);
  }
}
