import { createHash } from "node:crypto";
import { type BatchFacts, factsOf, writeLinks } from "../../governance/batch-details.js";
import { violationsOf } from "../../governance/judge.js";
import type { Recorded } from "../../governance/store.js";
import type { Properties, Validation } from "../../governance/types.js";
import type { Session, WrittenVerdict } from "./database.js";
import { countVerdict, idOf, keepWorst, versionOf } from "./dataset-versions.js";
import { writeBatchEdges } from "./edges.js";
import { listed, sql } from "./sql.js";

export type BatchSource = WrittenVerdict["source"];

export type VerdictToStore = Recorded & { validation: Validation };

/** What of a validation is stored beside its details, and need not stand in them again. */
const SHOWN = ["errors", "warnings", "metrics", "schema", "status", "reason"];

/**
 * Writes one verdict. One that is there already, by the batch's UUID or the key it was told with,
 * is not written again: it gains what was not known of it.
 */
export async function writeVerdict(
  session: Session,
  dataset: number,
  verdict: VerdictToStore,
  told: { key?: string; source: BatchSource; nowMs: number },
): Promise<void> {
  const { validation, datasetVersion, operation } = verdict;
  const facts = factsOf(validation.details);
  const version = await versionOf(session, dataset, datasetVersion, verdict);
  const key = facts.batchUuid === undefined ? told.key : `${operation} ${facts.batchUuid}`;
  if (key !== undefined) {
    const there = await session.one<Known>(sql`
      SELECT id, version_id, status, source FROM batches
      WHERE dataset = ${dataset} AND key = ${key}`);
    if (there !== undefined) {
      return completeVerdict(session, there, version.id, verdict, facts, told.source);
    }
  }
  const status = facts.isIdle && validation.status === "ok" ? "idle" : validation.status;
  const happenedMs = msOf(facts.happenedAt) ?? told.nowMs;
  const violations = Number(validation.details.violations ?? violationsOf(validation));
  const row = await session.one<{ id: number }>(sql`
    INSERT INTO batches (
      dataset, version_id, use_id, key, happened_ms, recorded_ms, source, operation, status, violations,
      row_count, batch_id, batch_uuid, query, incarnation, contract_hash, intervention, pipeline,
      reused, validation, snapshot, counts, links)
    VALUES (
      ${dataset}, ${version.id}, ${version.useId}, ${key}, ${happenedMs}, ${told.nowMs}, ${told.source},
      ${operation}, ${status}, ${Math.max(0, Math.trunc(violations) || 0)},
      ${facts.rowCount}, ${facts.batchId}, ${facts.batchUuid}, ${facts.query},
      ${facts.incarnation}, ${facts.contractHash}, ${facts.intervention},
      ${json(verdict.pipelineContext)}, ${verdict.observationsReused ? 1 : 0},
      ${stored(validation)}, ${await snapshotOf(session, validation.schema)},
      ${json(facts.counts)}, ${json(facts.links && writeLinks(facts.links))})
    RETURNING id`);
  const batch = idOf(row);
  await countVerdict(session, version, { batch, status, happenedMs });
  await writeMetrics(session, dataset, { batch, happenedMs, metrics: validation.metrics });
  if (facts.links !== undefined)
    await writeBatchEdges(session, facts.links, facts.query, happenedMs);
  session.note?.({ status, operation, source: told.source });
}

interface Known {
  id: number;
  version_id: number;
  status: Validation["status"];
  source: BatchSource;
}

/** The words of a client say more than what a log tells of the same batch. */
async function completeVerdict(
  session: Session,
  there: Known,
  version: number,
  { validation, pipelineContext }: VerdictToStore,
  facts: BatchFacts,
  source: BatchSource,
): Promise<void> {
  // The same batch under the name of its template: it is found by either.
  if (there.version_id !== version) await keepWorst(session, version, there.id, there.status);
  if (there.source === source) return;
  const words = source === "client" ? sql`${stored(validation)}` : sql`validation`;
  await session.run(sql`
    UPDATE batches SET
      source = 'client',
      validation = ${words},
      pipeline = COALESCE(pipeline, ${json(pipelineContext)}),
      query = COALESCE(query, ${facts.query}),
      incarnation = COALESCE(incarnation, ${facts.incarnation}),
      contract_hash = COALESCE(contract_hash, ${facts.contractHash}),
      intervention = COALESCE(intervention, ${facts.intervention}),
      batch_id = COALESCE(batch_id, ${facts.batchId}),
      snapshot = COALESCE(snapshot, ${await snapshotOf(session, validation.schema)}),
      counts = COALESCE(counts, ${json(facts.counts)}),
      links = COALESCE(links, ${json(facts.links && writeLinks(facts.links))})
    WHERE id = ${there.id}`);
  if (facts.links !== undefined) {
    await writeBatchEdges(session, facts.links, facts.query, msOf(facts.happenedAt) ?? Date.now());
  }
}

function stored({ schema, details, ...said }: Validation): string {
  const own = Object.entries(details).filter(([name]) => !SHOWN.includes(name));
  return JSON.stringify({ ...said, details: Object.fromEntries(own) });
}

/** A schema is kept once, however many batches had it. */
async function snapshotOf(session: Session, schema: Validation["schema"]): Promise<number | null> {
  if (Object.keys(schema).length === 0) return null;
  const document = JSON.stringify(schema);
  const hash = createHash("sha256").update(document).digest("hex");
  await session.run(sql`
    INSERT INTO snapshots (hash, document) VALUES (${hash}, ${document}) ON CONFLICT DO NOTHING`);
  return idOf(
    await session.one<{ id: number }>(sql`SELECT id FROM snapshots WHERE hash = ${hash}`),
  );
}

async function writeMetrics(
  session: Session,
  dataset: number,
  of: { batch: number; happenedMs: number; metrics: Validation["metrics"] },
): Promise<void> {
  const finite = Object.entries(of.metrics).filter(([, value]) => Number.isFinite(value));
  if (finite.length === 0) return;
  const rows = finite.map(
    ([metric, value]) => sql`(${dataset}, ${metric}, ${of.happenedMs}, ${of.batch}, ${value})`,
  );
  await session.run(sql`
    INSERT INTO metrics (dataset, metric, happened_ms, batch, value) VALUES ${listed(rows)}`);
}

/** Milliseconds of an ISO 8601 time; nothing of anything else. */
export function msOf(time: string | undefined): number | undefined {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
}

function json(value: Properties | object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
