import { writeValidation } from "../../governance/wire.js";
import type { BatchSource } from "./batch-writer.js";
import type { Database } from "./database.js";
import { beforeMoment, type PageAsked, type PageOf, pageOf, placeOf } from "./pages.js";
import { timeOf, validationOf } from "./rows.js";
import { every, listed, type Sql, sql } from "./sql.js";

export interface BatchFilter {
  status?: readonly string[] | undefined;
  contractId?: string | undefined;
  contractVersion?: string | undefined;
  datasetVersion?: string | undefined;
  query?: string | undefined;
  operation?: string | undefined;
  source?: string | undefined;
  /** Milliseconds, from (inclusive) and to (exclusive). */
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

interface BatchRow {
  id: number;
  dataset_version: string;
  contract_id: string;
  contract_version: string;
  contract_hash: string | null;
  happened_ms: number;
  recorded_ms: number;
  source: BatchSource;
  operation: string;
  status: string;
  violations: number;
  row_count: number | null;
  batch_id: number | null;
  batch_uuid: string | null;
  query: string | null;
  incarnation: string | null;
  intervention: string | null;
  pipeline: string | null;
  validation: string;
  snapshot: string | null;
  counts: string | null;
  links: string | null;
}

const COLUMNS = sql`
  b.id, v.version AS dataset_version, u.contract_id, u.contract_version, b.contract_hash,
  b.happened_ms, b.recorded_ms, b.source, b.operation, b.status, b.violations, b.row_count,
  b.batch_id, b.batch_uuid, b.query, b.incarnation, b.intervention, b.pipeline, b.validation,
  b.counts, b.links`;

/** The history of a dataset, the newest micro-batch first. */
export async function batchesOf(
  database: Database,
  dataset: number,
  filter: BatchFilter,
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const { status, contractId, contractVersion, datasetVersion, query, operation, source } = filter;
  const rows = await database.all<BatchRow>(sql`
    SELECT ${COLUMNS}, NULL AS snapshot FROM batches b
    JOIN versions v ON v.id = b.version_id JOIN uses u ON u.id = b.use_id
    WHERE ${every([
      sql`b.dataset = ${dataset}`,
      status && sql`b.status IN (${listed(status)})`,
      await judgedBy(database, dataset, contractId, contractVersion),
      datasetVersion === undefined ? undefined : sql`v.version = ${datasetVersion}`,
      query === undefined ? undefined : sql`b.query = ${query}`,
      operation === undefined ? undefined : sql`b.operation = ${operation}`,
      source === undefined ? undefined : sql`b.source = ${source}`,
      filter.fromMs === undefined ? undefined : sql`b.happened_ms >= ${filter.fromMs}`,
      filter.toMs === undefined ? undefined : sql`b.happened_ms < ${filter.toMs}`,
      beforeMoment(sql`b.happened_ms`, sql`b.id`, placeOf(cursor, 2)),
    ])}
    ORDER BY b.happened_ms DESC, b.id DESC LIMIT ${limit + 1}`);
  const releases = await releasesOf(database, dataset, rows);
  return pageOf(
    rows,
    limit,
    (row) => shown(row, releases),
    ({ happened_ms, id }) => [happened_ms, id],
  );
}

/** Of one use there is an index in order of time; of several, time is walked and others are left out. */
async function judgedBy(
  database: Database,
  dataset: number,
  contractId: string | undefined,
  contractVersion: string | undefined,
): Promise<Sql | undefined> {
  if (contractId === undefined && contractVersion === undefined) return undefined;
  const uses = await database.all<{ id: number }>(sql`
    SELECT id FROM uses WHERE ${every([
      sql`dataset = ${dataset}`,
      contractId === undefined ? undefined : sql`contract_id = ${contractId}`,
      contractVersion === undefined ? undefined : sql`contract_version = ${contractVersion}`,
    ])}`);
  const ids = uses.map(({ id }) => id);
  return ids.length === 1 ? sql`b.use_id = ${ids[0]}` : sql`+b.use_id IN (${listed(ids)})`;
}

/** One batch with its schema and all that was said of it. */
export async function batchOf(
  database: Database,
  dataset: number,
  id: number,
): Promise<object | undefined> {
  const row = await database.one<BatchRow>(sql`
    SELECT ${COLUMNS}, s.document AS snapshot FROM batches b
    JOIN versions v ON v.id = b.version_id JOIN uses u ON u.id = b.use_id
    LEFT JOIN snapshots s ON s.id = b.snapshot
    WHERE b.dataset = ${dataset} AND b.id = ${id}`);
  if (row === undefined) return undefined;
  const { schema } = writeValidation(validationOf(row));
  const { details } = validationOf(row);
  return { ...shown(row, await releasesOf(database, dataset, [row])), schema, details };
}

interface ReleaseRow {
  blocked_batch_id: number;
  released_by: string;
  reason: string | null;
  happened_ms: number;
}

type Releases = ReadonlyMap<number, ReleaseRow>;

/** Who or what released the blocks among these batches. */
async function releasesOf(
  database: Database,
  dataset: number,
  rows: readonly BatchRow[],
): Promise<Releases> {
  const blocked = rows.flatMap(({ status, batch_id: id }) =>
    status === "block" && id !== null ? [id] : [],
  );
  if (blocked.length === 0) return new Map();
  const found = await database.all<ReleaseRow>(sql`
    SELECT blocked_batch_id, released_by, reason, happened_ms FROM releases
    WHERE dataset = ${dataset} AND blocked_batch_id IN (${listed(blocked)}) ORDER BY id`);
  return new Map(found.map((release) => [release.blocked_batch_id, release]));
}

function shown(row: BatchRow, releases: Releases): object {
  const { errors, warnings, metrics, reason } = validationOf(row);
  const rules = Object.entries(metrics).flatMap(([metric, value]) => {
    const [, rule] = /^(?:violations|tolerated)\.(.*)$/.exec(metric) ?? [];
    return rule === undefined ? [] : [[rule, value] as const];
  });
  const release = row.batch_id === null ? undefined : releases.get(row.batch_id);
  return {
    id: row.id,
    dataset_version: row.dataset_version,
    batch_id: row.batch_id,
    batch_uuid: row.batch_uuid,
    happened_at: timeOf(row.happened_ms),
    recorded_at: timeOf(row.recorded_ms),
    status: row.status,
    reason: reason ?? null,
    operation: row.operation,
    row_count: row.row_count ?? metrics.row_count ?? null,
    violations: row.violations,
    violations_by_rule: Object.fromEntries(rules),
    errors,
    warnings,
    counts: parsed(row.counts),
    contract: { id: row.contract_id, version: row.contract_version, hash: row.contract_hash },
    query: row.query,
    incarnation: row.incarnation,
    intervention: row.intervention,
    release: release
      ? {
          by: release.released_by,
          reason: release.reason,
          at: timeOf(release.happened_ms),
        }
      : null,
    links: parsed(row.links),
    pipeline: parsed(row.pipeline),
    source: row.source,
  };
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
