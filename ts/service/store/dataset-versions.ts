import type { GovernanceStatus } from "../../governance/status.js";
import type { ContractKey } from "../../governance/types.js";
import type { Session } from "./database.js";
import { Sql, sql } from "./sql.js";

/** From best to worst, as `worst` of the governance clients has it. */
export const RANK: Readonly<Record<GovernanceStatus, number>> = {
  idle: 0,
  ok: 1,
  unknown: 2,
  warn: 3,
  block: 4,
};

export const STATUSES = ["ok", "warn", "block", "idle", "unknown"] as const;

/** Also lets in only one writer of a dataset at a time, so that ids of its rows grow as they are seen. */
export async function datasetIdOf(session: Session, name: string, nowMs: number): Promise<number> {
  const row = await session.one<{ id: number }>(sql`
    INSERT INTO datasets (name, told_ms) VALUES (${name}, ${nowMs})
    ON CONFLICT (name) DO UPDATE SET told_ms = excluded.told_ms
    RETURNING id`);
  return idOf(row);
}

/** The row of a dataset version under a contract. */
export async function versionOf(
  session: Session,
  dataset: number,
  version: string,
  { contractId, contractVersion }: ContractKey,
): Promise<{ id: number; useId: number }> {
  const useId = await useOf(session, dataset, { contractId, contractVersion });
  const of = sql`dataset = ${dataset} AND version = ${version} AND use_id = ${useId}`;
  const found = () => session.one<{ id: number }>(sql`SELECT id FROM versions WHERE ${of}`);
  const known = await found();
  if (known !== undefined) return { id: known.id, useId };
  await session.run(sql`
    INSERT INTO versions (dataset, use_id, version) VALUES (${dataset}, ${useId}, ${version})
    ON CONFLICT DO NOTHING`);
  return { id: idOf(await found()), useId };
}

async function useOf(session: Session, dataset: number, contract: ContractKey): Promise<number> {
  const { contractId, contractVersion } = contract;
  const found = () =>
    session.one<{ id: number }>(sql`
      SELECT id FROM uses WHERE dataset = ${dataset}
      AND contract_id = ${contractId} AND contract_version = ${contractVersion}`);
  const known = await found();
  if (known !== undefined) return known.id;
  await session.run(sql`
    INSERT INTO uses (dataset, contract_id, contract_version)
    VALUES (${dataset}, ${contractId}, ${contractVersion})
    ON CONFLICT DO NOTHING`);
  return idOf(await found());
}

/** A verdict counts for its version, whose worst it may be, and for the use of its contract. */
export async function countVerdict(
  session: Session,
  version: { id: number; useId: number },
  verdict: { batch: number; status: GovernanceStatus; happenedMs: number },
): Promise<void> {
  const { batch, status, happenedMs } = verdict;
  await keepWorst(session, version.id, batch, status);
  const count = new Sql([`num_${status}`], []);
  await session.run(sql`
    UPDATE uses SET ${count} = ${count} + 1,
      last_ms = CASE WHEN last_ms > ${happenedMs} THEN last_ms ELSE ${happenedMs} END
    WHERE id = ${version.useId}`);
}

/** Of equally bad ones the newest stays. */
export async function keepWorst(
  session: Session,
  version: number,
  batch: number,
  status: GovernanceStatus,
): Promise<void> {
  await session.run(sql`
    UPDATE versions SET worst_batch = ${batch}, worst_rank = ${RANK[status]}
    WHERE id = ${version} AND worst_rank <= ${RANK[status]}`);
}

export function idOf(row: { id: number } | undefined): number {
  if (row === undefined) throw new Error("a row that was written is not there");
  return row.id;
}
