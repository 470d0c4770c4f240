import type { DatasetHistory, HistoryFilter } from "../../governance/history.js";
import type { Dated, Verdict } from "../../governance/records.js";
import type { Told } from "../../governance/store.js";
import type { CallOptions, ContractKey, Properties } from "../../governance/types.js";
import { defined } from "../../governance/wire.js";
import { writeVerdict } from "./batch-writer.js";
import type { Database, Session } from "./database.js";
import { datasetIdOf, versionOf } from "./dataset-versions.js";
import { recordEvent } from "./lineage.js";
import { type ActivityRow, activityOf, type VerdictRow, verdictOf } from "./rows.js";
import { every, listed, type Sql, sql } from "./sql.js";

/** So much of a dataset is answered where an endpoint knows no pages. */
export const MOST_ANSWERED = 1_000;

export const VERDICT = sql`
  v.version AS dataset_version, u.contract_id, u.contract_version, b.operation, b.pipeline,
  b.reused, b.validation, s.document AS snapshot, b.recorded_ms`;
export const OF_VERDICT = sql`
  JOIN uses u ON u.id = v.use_id LEFT JOIN snapshots s ON s.id = b.snapshot`;

/** What was told of datasets, in a database. Its lists are bounded. */
export class SqlHistory implements DatasetHistory {
  readonly limit = MOST_ANSWERED;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(
    datasetId: string,
    told: Told,
    { idempotencyKey, signal }: CallOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    const nowMs = Date.now();
    await this.#database.write(async (session) => {
      const dataset = await datasetIdOf(session, datasetId, nowMs);
      const of = { key: idempotencyKey, nowMs };
      if (told.kind === "verdict" && told.validation !== undefined) {
        const verdict = { ...told, validation: told.validation };
        await writeVerdict(session, dataset, verdict, defined({ ...of, source: "client" }));
      } else if (told.kind === "link")
        await addLink(session, dataset, told.datasetVersion, told, of);
      else if (told.kind !== "lineage") await addActivity(session, dataset, told, of);
    });
  }

  async trace(
    event: Properties,
    datasets: ReadonlyMap<string, string | undefined>,
    { idempotencyKey, signal }: CallOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    await this.#database.write((session) => recordEvent(session, event, datasets, idempotencyKey));
  }

  async linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    const ofVersion = version === undefined ? undefined : sql`l.version = ${version}`;
    const row = await this.#database.one<{ contract_id: string; contract_version: string }>(sql`
      SELECT l.contract_id, l.contract_version FROM links l
      WHERE ${every([sql`l.dataset = ${named(datasetId)}`, ofVersion])}
      ORDER BY l.id DESC LIMIT 1`);
    return row && { contractId: row.contract_id, contractVersion: row.contract_version };
  }

  async datasets(): Promise<readonly string[]> {
    const rows = await this.#database.all<{ name: string }>(sql`
      SELECT name FROM datasets ORDER BY name LIMIT ${MOST_ANSWERED * 10}`);
    return rows.map(({ name }) => name);
  }

  async verdicts(filter: HistoryFilter): Promise<readonly Verdict[]> {
    const rows = await this.#database.all<VerdictRow>(sql`
      SELECT ${VERDICT} FROM batches b JOIN versions v ON v.id = b.version_id ${OF_VERDICT}
      WHERE b.dataset = ${named(filter.datasetId)} AND ${narrowed(filter)}
      ORDER BY b.id DESC LIMIT ${MOST_ANSWERED}`);
    return rows.map(verdictOf).toReversed();
  }

  async worst(filter: HistoryFilter): Promise<readonly Verdict[]> {
    const rows = await this.#database.all<VerdictRow>(sql`
      SELECT ${VERDICT} FROM versions v JOIN batches b ON b.id = v.worst_batch ${OF_VERDICT}
      WHERE v.dataset = ${named(filter.datasetId)} AND ${narrowed(filter)}
      ORDER BY v.id DESC LIMIT ${MOST_ANSWERED}`);
    return rows.map(verdictOf).toReversed();
  }

  async activity(filter: HistoryFilter): Promise<readonly Dated[]> {
    const rows = await this.#database.all<ActivityRow>(sql`
      SELECT v.version AS dataset_version, u.contract_id, u.contract_version,
        a.operation, a.pipeline, a.reused, a.validation, a.recorded_ms
      FROM activity a JOIN versions v ON v.id = a.version_id JOIN uses u ON u.id = v.use_id
      WHERE a.dataset = ${named(filter.datasetId)} AND ${narrowed(filter)}
      ORDER BY a.id DESC LIMIT ${MOST_ANSWERED}`);
    return rows.map(activityOf).toReversed();
  }

  async lastTraced(datasetId: string, versions: readonly string[]) {
    const last = new Map<string, Properties>();
    if (versions.length === 0) return last;
    const rows = await this.#database.all<{
      version: string | null;
      id: number;
      event: string;
    }>(sql`
      SELECT t.version, e.id, e.event FROM lineage_events e JOIN (
        SELECT version, MAX(event) AS event FROM lineage_subjects
        WHERE dataset = ${named(datasetId)}
          AND (version IN (${listed([...new Set(versions)])}) OR version IS NULL)
        GROUP BY version
      ) t ON t.event = e.id ORDER BY e.id`);
    for (const { version, event } of rows) {
      const read = JSON.parse(event) as Properties;
      for (const each of version === null ? versions : [version]) last.set(each, read);
    }
    return last;
  }
}

export function named(datasetId: string): Sql {
  return sql`(SELECT id FROM datasets WHERE name = ${datasetId})`;
}

function narrowed(filter: HistoryFilter): Sql {
  const { datasetVersions, contractIds, contractVersions } = filter;
  const isIn = (column: Sql, values: readonly string[] | undefined) =>
    values === undefined ? undefined : sql`${column} IN (${listed(values)})`;
  return every([
    isIn(sql`v.version`, datasetVersions),
    isIn(sql`u.contract_id`, contractIds),
    isIn(sql`u.contract_version`, contractVersions),
  ]);
}

interface Telling {
  key: string | undefined;
  nowMs: number;
}

async function addActivity(
  session: Session,
  dataset: number,
  told: Extract<Told, { kind: "verdict" | "activity" }>,
  of: Telling,
): Promise<void> {
  const { validation, pipelineContext, operation, observationsReused } = told;
  const version = await versionOf(session, dataset, told.datasetVersion, told);
  await session.run(sql`
    INSERT INTO activity (
      dataset, version_id, key, recorded_ms, operation, pipeline, reused, validation)
    VALUES (
      ${dataset}, ${version.id}, ${of.key}, ${of.nowMs}, ${operation},
      ${pipelineContext && JSON.stringify(pipelineContext)}, ${observationsReused ? 1 : 0},
      ${validation && JSON.stringify(validation)})
    ON CONFLICT DO NOTHING`);
  await addLink(session, dataset, told.datasetVersion, told, of);
}

/** Who registers a dataset version has linked it. */
async function addLink(
  session: Session,
  dataset: number,
  version: string,
  { contractId, contractVersion }: ContractKey,
  { key, nowMs }: Telling,
): Promise<void> {
  await session.run(sql`
    INSERT INTO links (dataset, version, contract_id, contract_version, key, recorded_ms)
    VALUES (${dataset}, ${version}, ${contractId}, ${contractVersion}, ${key}, ${nowMs})
    ON CONFLICT DO NOTHING`);
}
