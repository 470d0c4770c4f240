import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { toBatch } from "../../batch.js";
import { StreamingError } from "../../errors.js";
import { verdictOf } from "../../governance/observer.js";
import type { Logger } from "../../logger.js";
import type { NativeColumn, NativeLedgerBatch, NativeLedgerPage } from "../../native.js";
import { placeOf } from "../../openlineage/datasets.js";
import type { StreamingRun } from "../../run.js";
import { msOf, writeVerdict } from "../store/batch-writer.js";
import type { Database, Session } from "../store/database.js";
import { datasetIdOf } from "../store/dataset-versions.js";
import { writeRelease } from "../store/records.js";
import { sql } from "../store/sql.js";
import type { LedgerLog } from "./ledger-log.js";

export interface Lake {
  table: string;
  /** What governance calls it. Default: the table, as written. */
  dataset?: string | undefined;
}

/** Versions that are read, and recorded in one transaction, at a time. */
const A_PAGE = 200;
const LONGEST_PAUSE_MS = 60_000;

/** What a log says once, of all that comes after it. */
interface Known {
  columns: NativeColumn[];
  /** Addresses by role, or name of the sink. */
  sideTables: Record<string, string>;
}

/**
 * Records what the log of an output says of every batch, in order, each once: how far it was read is
 * written with what was read, so that it does not matter which service reads, or how often.
 */
export class LedgerFollower {
  readonly #database: Database;
  readonly #log: LedgerLog;
  readonly #logger: Logger;
  readonly #lake: Lake;

  constructor(database: Database, log: LedgerLog, logger: Logger, lake: Lake) {
    this.#database = database;
    this.#log = log;
    this.#logger = logger;
    this.#lake = lake;
  }

  /** Until `signal` ends it. A log that cannot be read is tried again, less and less often. */
  async follow(pollMs: number, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.catchUp(signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        const table = this.#lake.table;
        if (failures === 1) this.#logger.warn({ table, error }, "a lake cannot be read for now");
      }
      const pauseMs = Math.min(pollMs * 2 ** Math.min(failures, 10), LONGEST_PAUSE_MS);
      await pause(Math.max(pollMs, pauseMs), undefined, { signal }).catch(() => {});
    }
  }

  /** Records all that there is by now. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    const { table } = this.#lake;
    while (signal?.aborted !== true) {
      const row = await this.#database.one<{ next_version: number }>(sql`
        SELECT next_version FROM lakes WHERE address = ${table}`);
      const from = row?.next_version ?? 0;
      const page = await this.#read(from);
      if (page === undefined) continue;
      if (page.next > from)
        await this.#database.write((session) => this.#record(session, from, page));
      if (page.isEnd) return;
    }
  }

  /** Nothing of a log that ends before `from`: the table was made anew, and is read from its start. */
  async #read(from: number): Promise<NativeLedgerPage | undefined> {
    const { table } = this.#lake;
    try {
      return await this.#log.read(table, from, A_PAGE);
    } catch (error) {
      if (!StreamingError.is(error, "DELTA_LOG_GAP")) throw error;
      this.#logger.warn({ table, error }, "the table was made anew, and is read from its start");
      await this.#database.write((session) =>
        session.run(sql`DELETE FROM lakes WHERE address = ${table} AND next_version = ${from}`),
      );
      return undefined;
    }
  }

  async #record(session: Session, from: number, page: NativeLedgerPage): Promise<void> {
    const { table, dataset: name = table } = this.#lake;
    const nowMs = Date.now();
    const dataset = await datasetIdOf(session, name, nowMs);
    const row = await session.one<{ next_version: number; known: string }>(sql`
      SELECT next_version, known FROM lakes WHERE address = ${table}`);
    // Another service was faster.
    if ((row?.next_version ?? 0) !== from) return;
    const known: Known = row ? JSON.parse(row.known) : { columns: [], sideTables: {} };
    for (const { columns, batch, release, gap } of page.entries) {
      if (columns) known.columns = columns;
      if (batch) {
        Object.assign(known.sideTables, batch.sideTables);
        await this.#recordBatch(
          session,
          { dataset, name, address: page.address, ...known },
          batch,
          nowMs,
        );
      }
      if (release) {
        await writeRelease(session, dataset, {
          blockedBatchId: release.released,
          batchId: release.version,
          by: "headgate release",
          reason: release.reason,
          happenedMs: msOf(release.timestamp) ?? nowMs,
          source: "ledger",
          key: `ledger ${release.version}`,
        });
      }
      if (gap) {
        this.#logger.warn({ table, ...gap }, "versions were cleaned up before they were read");
      }
    }
    await session.run(sql`
      INSERT INTO lakes (address, dataset, next_version, known, read_ms)
      VALUES (${table}, ${name}, ${page.next}, ${JSON.stringify(known)}, ${nowMs})
      ON CONFLICT (address) DO UPDATE SET
        dataset = excluded.dataset, next_version = excluded.next_version, known = excluded.known,
        read_ms = excluded.read_ms`);
  }

  async #recordBatch(
    session: Session,
    output: Output,
    entry: NativeLedgerBatch,
    nowMs: number,
  ): Promise<void> {
    const batch = toBatch(entry.batch);
    const version = String(batch.batchId);
    const topics = [...new Set(batch.positions.map(({ topic }) => topic))];
    const namespace = await namespaceOf(session, topics[0], output.address);
    const verdict = verdictOf(batch, runOf(entry, output, namespace), output.name, version);
    const inputs = topics.map((topic) => ({ namespace, name: topic }));
    const links = { ...(verdict.details.links as object), inputs };
    const details = { ...verdict.details, links, incarnation: entry.incarnation };
    const { id: contractId = "", version: contractVersion = "" } = batch.contract ?? {};
    const told = {
      kind: "verdict",
      datasetVersion: version,
      contractId,
      contractVersion,
      operation: "write",
      observationsReused: false,
      validation: { ...verdict, details },
    } as const;
    await writeVerdict(session, output.dataset, told, { source: "ledger", nowMs });
  }
}

interface Output extends Known {
  dataset: number;
  name: string;
  address: string;
}

const UNKNOWN_BROKER = "kafka";

/** A log names topics, and no brokers: those that somebody told of before. */
async function namespaceOf(
  session: Session,
  topic: string | undefined,
  address: string,
): Promise<string> {
  if (topic === undefined) return UNKNOWN_BROKER;
  const { namespace, name } = placeOf({ address });
  const known = await session.one<{ from_namespace: string }>(sql`
    SELECT from_namespace FROM lineage_edges
    WHERE to_namespace = ${namespace} AND to_name = ${name} AND from_name = ${topic}
    ORDER BY last_ms DESC LIMIT 1`);
  return known?.from_namespace ?? UNKNOWN_BROKER;
}

/** What a log knows of the run that wrote to it. */
function runOf(
  { query }: NativeLedgerBatch,
  { name, address, columns, sideTables }: Output,
  namespace: string,
): StreamingRun {
  const tables = Object.entries(sideTables).map(([role, each]) => {
    const datasetId = each.startsWith("file:") ? fileURLToPath(each) : each;
    return [role, { datasetId, address: each }] as const;
  });
  const { rejects, dead_letters: deadLetters, ...sinks } = Object.fromEntries(tables);
  return {
    queryId: "",
    runId: "",
    queryName: query,
    startedAt: "",
    input: { format: namespace, bootstrapServers: "", topics: [] },
    output: { datasetId: name, address },
    ...(rejects && { rejects }),
    ...(deadLetters && { deadLetters }),
    sinks,
    columns,
  };
}
