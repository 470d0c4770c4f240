import { type GovernanceStatus, worst } from "../../governance/status.js";
import type { Database } from "./database.js";
import { RANK, STATUSES } from "./dataset-versions.js";
import { before, namePlaceOf, type PageAsked, type PageOf, pageOf, placeOf } from "./pages.js";
import { timeOf } from "./rows.js";
import { every, listed, type Sql, sql } from "./sql.js";

type Counts = Record<`num_${(typeof STATUSES)[number]}`, number | null>;

const SUMS = sql`
  SUM(u.num_ok) AS num_ok, SUM(u.num_warn) AS num_warn, SUM(u.num_block) AS num_block,
  SUM(u.num_idle) AS num_idle, SUM(u.num_unknown) AS num_unknown, MAX(u.last_ms) AS last_ms`;

interface DatasetRow extends Counts {
  id: number;
  name: string;
  last_ms: number | null;
}

export async function datasetOf(database: Database, name: string): Promise<number | undefined> {
  const row = await database.one<{ id: number }>(sql`SELECT id FROM datasets WHERE name = ${name}`);
  return row?.id;
}

/** Every dataset with the worst of its batches, by name. */
export async function datasetsPage(
  database: Database,
  { prefix }: { prefix?: string | undefined },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const after = namePlaceOf(cursor);
  const rows = await database.all<DatasetRow>(sql`
    SELECT d.id, d.name, ${SUMS} FROM (
      SELECT id, name FROM datasets WHERE ${every([
        after === undefined ? undefined : sql`name > ${after}`,
        prefix === undefined ? undefined : startsWith(prefix),
      ])}
      ORDER BY name LIMIT ${limit + 1}
    ) d LEFT JOIN uses u ON u.dataset = d.id
    GROUP BY d.id, d.name ORDER BY d.name`);
  return pageOf(rows, limit, overviewOf, ({ name }) => [name]);
}

export async function datasetOverview(
  database: Database,
  name: string,
): Promise<object | undefined> {
  const row = await database.one<DatasetRow>(sql`
    SELECT d.id, d.name, ${SUMS} FROM datasets d LEFT JOIN uses u ON u.dataset = d.id
    WHERE d.name = ${name} GROUP BY d.id, d.name`);
  if (row === undefined) return undefined;
  const [contract, batch] = await Promise.all([
    database.one<{ contract_id: string; contract_version: string }>(sql`
      SELECT contract_id, contract_version FROM links WHERE dataset = ${row.id}
      ORDER BY id DESC LIMIT 1`),
    database.one<{ links: string | null }>(sql`
      SELECT links FROM batches WHERE dataset = ${row.id}
      ORDER BY happened_ms DESC, id DESC LIMIT 1`),
  ]);
  return {
    ...overviewOf(row),
    contract: contract ? { id: contract.contract_id, version: contract.contract_version } : null,
    links: batch?.links ? JSON.parse(batch.links) : null,
  };
}

interface VersionRow {
  id: number;
  version: string;
  contract_id: string;
  contract_version: string;
  status: GovernanceStatus | null;
  happened_ms: number | null;
}

/** The worst of each version under each contract, the newest version first. */
export async function versionsPage(
  database: Database,
  dataset: number,
  filter: { status?: GovernanceStatus | undefined },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const rows = await database.all<VersionRow>(sql`
    SELECT v.id, v.version, u.contract_id, u.contract_version, b.status, b.happened_ms
    FROM versions v JOIN uses u ON u.id = v.use_id LEFT JOIN batches b ON b.id = v.worst_batch
    WHERE ${every([
      sql`v.dataset = ${dataset}`,
      filter.status === undefined ? undefined : sql`v.worst_rank = ${RANK[filter.status]}`,
      before(sql`v.id`, placeOf(cursor, 1)),
    ])}
    ORDER BY v.id DESC LIMIT ${limit + 1}`);
  const shown = (row: VersionRow) => ({
    dataset_version: row.version,
    contract: { id: row.contract_id, version: row.contract_version },
    status: row.status ?? "unknown",
    happened_at: row.happened_ms === null ? null : timeOf(row.happened_ms),
  });
  return pageOf(rows, limit, shown, ({ id }) => [id]);
}

interface UseRow extends Counts {
  id: number;
  name: string;
  contract_id: string;
  contract_version: string;
  last_ms: number | null;
}

/** Which dataset was held against which contract version, and how that came out. */
export async function compatibilityPage(
  database: Database,
  filter: {
    datasetId?: string | undefined;
    contractIds?: readonly string[] | undefined;
    contractVersion?: string | undefined;
  },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const { datasetId, contractIds, contractVersion } = filter;
  const rows = await database.all<UseRow>(sql`
    SELECT u.*, d.name FROM uses u JOIN datasets d ON d.id = u.dataset
    WHERE ${every([
      datasetId === undefined ? undefined : sql`d.name = ${datasetId}`,
      contractIds && sql`u.contract_id IN (${listed(contractIds)})`,
      contractVersion === undefined ? undefined : sql`u.contract_version = ${contractVersion}`,
      before(sql`u.id`, placeOf(cursor, 1)),
    ])}
    ORDER BY u.id DESC LIMIT ${limit + 1}`);
  const shown = (row: UseRow) => ({
    dataset_id: row.name,
    contract: { id: row.contract_id, version: row.contract_version },
    ...rolledUp(row),
  });
  return pageOf(rows, limit, shown, ({ id }) => [id]);
}

function overviewOf(row: DatasetRow): object {
  return { dataset_id: row.name, ...rolledUp(row) };
}

function rolledUp(row: Counts & { last_ms: number | null }): object {
  const counted = STATUSES.map((status) => [status, Number(row[`num_${status}`] ?? 0)] as const);
  const told = counted.filter(([, count]) => count > 0);
  return {
    status: worst(told.map(([status]) => status)),
    batches: told.reduce((sum, [, count]) => sum + count, 0),
    batches_by_status: Object.fromEntries(counted),
    last_batch_at: row.last_ms === null ? null : timeOf(row.last_ms),
  };
}

/** By code points, so that an index serves it. */
function startsWith(prefix: string): Sql {
  return sql`name >= ${prefix} AND name < ${`${prefix}\u{10FFFF}`}`;
}
