import type { StreamingBatch } from "../batch.js";
import type { StreamingObserver } from "../hooks.js";
import { jsonSafe } from "../json.js";
import type { StreamingRun } from "../run.js";
import type { Metrics } from "../verdict.js";
import { writeLinks } from "./batch-details.js";
import { linksOf, schemaOf } from "./batch-links.js";
import type { GovernanceClient } from "./clients.js";
import { versionTemplate } from "./dataset-version.js";
import { governanceError } from "./fault.js";
import { violationsText } from "./judge.js";
import { batchWord } from "./status.js";
import type {
  ContractSelector,
  GovernanceContext,
  GovernancePlan,
  PipelineContext,
  Properties,
  Validation,
} from "./types.js";
import { defined, snaked } from "./wire.js";

export interface GovernanceObserverOptions {
  /** What governance calls the output. */
  dataset: string;
  /** Default: the contract by which each batch was judged, or that the dataset is linked to. */
  contract?: ContractSelector;
  pipelineContext?: PipelineContext;
  /**
   * A template for the version of each batch, of `{batch_id}`, `{timestamp}` (%Y%m%d%H%M%S, UTC) and
   * `{unix_timestamp}`, both of when the batch was opened. Default: `{batch_id}`.
   */
  datasetVersion?: string;
  /** What else a plan is resolved from: the port of a data product, drafts. */
  context?: Omit<GovernanceContext, "contract" | "datasetId" | "datasetVersion">;
  /** Of the observer. Default: `governance`. */
  name?: string;
}

/**
 * Tells governance of every batch and every block, each as a dataset version: the version of the
 * output that committed it, or what its template says. Told again, it has the same key, and counts
 * once.
 */
export function governanceObserver(
  client: GovernanceClient,
  options: GovernanceObserverOptions,
): StreamingObserver {
  const { dataset, name = "governance", datasetVersion = "{batch_id}" } = options;
  const versionOf = versionTemplate(datasetVersion);
  // What was missed may have been judged by an earlier contract.
  let known: { by: string; plan: Promise<GovernancePlan> } | undefined;
  const tell = async (told: Told, signal: AbortSignal) => {
    const { version, key, validation, contract } = told;
    const by = `${contract?.contractId}@${contract?.contractVersion}`;
    try {
      if (known?.by !== by) {
        const selector = options.contract ?? contract;
        known = {
          by,
          plan: resolved(client, { ...options, ...defined({ contract: selector }) }, signal),
        };
      }
      const plan = { ...(await known.plan), datasetVersion: version };
      const evidence = { validation, observations: { metrics: validation.metrics } };
      const keyed = (step: string) => ({ idempotencyKey: `${key} ${step}`, signal });
      const assessment = await client.evaluatePlan("write", plan, evidence, keyed("evaluate"));
      await client.register("write", plan, assessment, keyed("register"));
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
  return {
    name,
    tell: (batch, { run, signal }) => tell(toldOf(batch, run, dataset, versionOf(batch)), signal),
    gap: ({ from, to }, { signal }) => tell(missed(from, to, dataset), signal),
  };
}

interface Told {
  version: string;
  /** Of what is told, however often it is. */
  key: string;
  validation: Validation;
  /** By which it was judged. */
  contract?: ContractSelector;
}

/** A table that was made anew begins with the same versions: the batch's UUID tells them apart. */
function toldOf(batch: StreamingBatch, run: StreamingRun, dataset: string, version: string): Told {
  const { batchId, batchUuid } = batch;
  const key = `${dataset}@${batchId} ${batchUuid}`;
  const judged = batch.contract;
  const contract = judged && { contractId: judged.id, contractVersion: judged.version };
  const validation = verdictOf(batch, run, dataset, version);
  return { version, key, validation, ...defined({ contract }) };
}

async function resolved(
  client: GovernanceClient,
  { dataset, contract, pipelineContext, context }: GovernanceObserverOptions,
  signal: AbortSignal,
): Promise<GovernancePlan> {
  const selector = contract ?? (await client.linked(dataset, undefined, { signal }));
  if (selector === undefined) {
    throw governanceError("GOVERNANCE_NO_CONTRACT", "the dataset is linked to no contract", {
      operation: "observe",
      field: "contract",
      expected: "a contract of the observer, or one that the dataset is linked to",
      actual: dataset,
      details: "name the contract, or link the dataset: what it missed is told then",
    });
  }
  const about = { datasetId: dataset, datasetFormat: "delta", contract: selector };
  const asked = { ...context, ...about, ...defined({ pipelineContext }) };
  return client.resolve("write", asked, { signal });
}

/** The verdict of a batch as governance is told it: by an observer, or by the log of its output. */
export function verdictOf(
  batch: StreamingBatch,
  run: StreamingRun,
  dataset: string,
  version: string,
): Validation {
  return validationOf(batch, run, detailsOf(batch, run, dataset, version));
}

/** dc43 makes a block of every error and of every `violations.` metric of what was written. */
function validationOf(batch: StreamingBatch, run: StreamingRun, details: Properties): Validation {
  const { status, intervention, violations } = batch;
  const isBlock = status === "block";
  const said = [intervention, ...batch.errors, ...batch.warnings].filter(
    (each) => each !== undefined,
  );
  const reasons = said.length > 0 ? said : [violationsText(violations)];
  return {
    ok: !isBlock,
    status,
    ...(isBlock || status === "warn" ? { reason: reasons[0] } : {}),
    errors: isBlock ? reasons : [],
    warnings: status === "warn" ? reasons : [],
    metrics: isBlock ? batch.metrics : tolerated(batch.metrics),
    schema: schemaOf(run),
    details,
  };
}

/** Counts of rows that the policy let pass, or sent elsewhere, under a name of their own. */
function tolerated(metrics: Metrics): Metrics {
  const renamed = (name: string) => name.replace(/^violations\./, "tolerated.");
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [renamed(name), value]));
}

function detailsOf(
  batch: StreamingBatch,
  run: StreamingRun,
  dataset: string,
  version: string,
): Properties {
  const { batchId, violations, metrics, intervention, counts, rejects, rerouted, positions } =
    batch;
  return jsonSafe(
    defined({
      dataset_id: dataset,
      dataset_version: version,
      observation_operation: "write",
      observation_scope: "streaming_batch",
      violations,
      streaming_batch_id: batchId,
      batch_uuid: batch.batchUuid,
      query: run.queryName,
      contract_hash: batch.contract?.hash,
      links: writeLinks(linksOf(batch, run, dataset)),
      streaming_metrics: metrics,
      streaming_batches: [entryOf(batch)],
      streaming_intervention_reason: intervention,
      counts: snaked(counts),
      rejects: rejects && snaked(rejects),
      rerouted: rerouted && snaked(rerouted),
      positions,
    }),
  ) as Properties;
}

function entryOf(batch: StreamingBatch): Properties {
  const { batchId, timestamp, rowCount, violations, status, metrics, intervention } = batch;
  return defined({
    batch_id: batchId,
    timestamp,
    row_count: rowCount,
    violations,
    status: batchWord(status),
    metrics,
    errors: batch.errors.length > 0 ? batch.errors : undefined,
    warnings: batch.warnings.length > 0 ? batch.warnings : undefined,
    intervention,
  });
}

function missed(from: number, to: number, dataset: string): Told {
  const version = `${from}-${to}`;
  const reason = `versions ${from} to ${to} were cleaned up before they were told`;
  const judged = { ok: true, status: "warn" as const, reason, errors: [], warnings: [reason] };
  const details = { observation_operation: "write", observation_scope: "gap" };
  const validation = { ...judged, metrics: {}, schema: {}, details };
  return { version, key: `${dataset}@${version}`, validation };
}
