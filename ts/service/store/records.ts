import type { Database, Session } from "./database.js";
import { before, beforeMoment, type PageAsked, type PageOf, pageOf, placeOf } from "./pages.js";
import { type ActivityRow, activityOf, timeOf } from "./rows.js";
import { every, sql } from "./sql.js";

/** The names of what was measured of a dataset, one step of the index each. */
export async function metricNames(database: Database, dataset: number): Promise<string[]> {
  const rows = await database.all<{ metric: string }>(sql`
    WITH RECURSIVE names (metric) AS (
      SELECT MIN(metric) FROM metrics WHERE dataset = ${dataset}
      UNION ALL
      SELECT (SELECT MIN(m.metric) FROM metrics m
        WHERE m.dataset = ${dataset} AND m.metric > names.metric)
      FROM names WHERE names.metric IS NOT NULL
    )
    SELECT metric FROM names WHERE metric IS NOT NULL LIMIT 10000`);
  return rows.map(({ metric }) => metric);
}

interface MetricRow {
  happened_ms: number;
  batch: number;
  value: number;
  batch_id: number | null;
  dataset_version: string;
  status: string;
}

/** One metric over time, the newest value first. */
export async function metricHistory(
  database: Database,
  dataset: number,
  {
    metric,
    fromMs,
    toMs,
  }: { metric: string; fromMs?: number | undefined; toMs?: number | undefined },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const rows = await database.all<MetricRow>(sql`
    SELECT m.happened_ms, m.batch, m.value, b.batch_id, v.version AS dataset_version, b.status
    FROM metrics m JOIN batches b ON b.id = m.batch JOIN versions v ON v.id = b.version_id
    WHERE ${every([
      sql`m.dataset = ${dataset} AND m.metric = ${metric}`,
      fromMs === undefined ? undefined : sql`m.happened_ms >= ${fromMs}`,
      toMs === undefined ? undefined : sql`m.happened_ms < ${toMs}`,
      beforeMoment(sql`m.happened_ms`, sql`m.batch`, placeOf(cursor, 2)),
    ])}
    ORDER BY m.happened_ms DESC, m.batch DESC LIMIT ${limit + 1}`);
  const shown = (row: MetricRow) => ({
    happened_at: timeOf(row.happened_ms),
    value: row.value,
    batch_id: row.batch_id,
    dataset_version: row.dataset_version,
    status: row.status,
  });
  return pageOf(rows, limit, shown, ({ happened_ms, batch }) => [happened_ms, batch]);
}

/** What was registered of a dataset, the newest first. */
export async function activityPage(
  database: Database,
  dataset: number,
  filter: { datasetVersion?: string | undefined; operation?: string | undefined },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const rows = await database.all<ActivityRow & { id: number }>(sql`
    SELECT a.id, v.version AS dataset_version, u.contract_id, u.contract_version,
      a.operation, a.pipeline, a.reused, a.validation, a.recorded_ms
    FROM activity a JOIN versions v ON v.id = a.version_id JOIN uses u ON u.id = v.use_id
    WHERE ${every([
      sql`a.dataset = ${dataset}`,
      filter.datasetVersion === undefined ? undefined : sql`v.version = ${filter.datasetVersion}`,
      filter.operation === undefined ? undefined : sql`a.operation = ${filter.operation}`,
      before(sql`a.id`, placeOf(cursor, 1)),
    ])}
    ORDER BY a.id DESC LIMIT ${limit + 1}`);
  const shown = (row: ActivityRow) => {
    const { validation, ...told } = activityOf(row);
    return {
      dataset_version: told.datasetVersion,
      contract: { id: told.contractId, version: told.contractVersion },
      operation: told.operation,
      recorded_at: told.recordedAt,
      pipeline: told.pipelineContext ?? null,
      observations_reused: told.observationsReused,
      status: validation?.status ?? "unknown",
      reason: validation?.reason ?? null,
    };
  };
  return pageOf(rows, limit, shown, ({ id }) => [id]);
}

interface LinkRow {
  id: number;
  version: string;
  contract_id: string;
  contract_version: string;
  recorded_ms: number;
}

/** Which contracts a dataset was linked to, the newest first. */
export async function linksPage(
  database: Database,
  dataset: number,
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const rows = await database.all<LinkRow>(sql`
    SELECT id, version, contract_id, contract_version, recorded_ms FROM links
    WHERE ${every([sql`dataset = ${dataset}`, before(sql`id`, placeOf(cursor, 1))])}
    ORDER BY id DESC LIMIT ${limit + 1}`);
  const shown = (row: LinkRow) => ({
    dataset_version: row.version,
    contract: { id: row.contract_id, version: row.contract_version },
    recorded_at: timeOf(row.recorded_ms),
  });
  return pageOf(rows, limit, shown, ({ id }) => [id]);
}

export interface Release {
  /** The output version of the block. */
  blockedBatchId?: number | undefined;
  /** The output version of the release. */
  batchId?: number | undefined;
  by: string;
  reason?: string | undefined;
  happenedMs: number;
  source: "client" | "ledger";
  key?: string | undefined;
}

/** Told twice with one key, it counts once. */
export async function writeRelease(
  session: Session,
  dataset: number,
  release: Release,
): Promise<void> {
  const { key, blockedBatchId, batchId, by, reason, happenedMs, source } = release;
  await session.run(sql`
    INSERT INTO releases (
      dataset, key, blocked_batch_id, batch_id, released_by, reason, happened_ms, source)
    VALUES (
      ${dataset}, ${key}, ${blockedBatchId}, ${batchId}, ${by}, ${reason}, ${happenedMs},
      ${source})
    ON CONFLICT DO NOTHING`);
}

interface ReleaseRow {
  id: number;
  blocked_batch_id: number | null;
  batch_id: number | null;
  released_by: string;
  reason: string | null;
  happened_ms: number;
  source: string;
}

export async function releasesPage(
  database: Database,
  dataset: number,
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const rows = await database.all<ReleaseRow>(sql`
    SELECT * FROM releases
    WHERE ${every([sql`dataset = ${dataset}`, before(sql`id`, placeOf(cursor, 1))])}
    ORDER BY id DESC LIMIT ${limit + 1}`);
  const shown = (row: ReleaseRow) => ({
    blocked_batch_id: row.blocked_batch_id,
    batch_id: row.batch_id,
    by: row.released_by,
    reason: row.reason,
    happened_at: timeOf(row.happened_ms),
    source: row.source,
  });
  return pageOf(rows, limit, shown, ({ id }) => [id]);
}
