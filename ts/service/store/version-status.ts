import type { Verdict } from "../../governance/records.js";
import type { Database } from "./database.js";
import { named, OF_VERDICT, VERDICT } from "./history.js";
import { type VerdictRow, verdictOf } from "./rows.js";
import { sql } from "./sql.js";

/** What a version is thought of under the contract that it was judged by last. */
export async function statusOf(
  database: Database,
  datasetId: string,
  version: string,
): Promise<Verdict | undefined> {
  const row = await database.one<VerdictRow>(sql`
    SELECT ${VERDICT} FROM versions v JOIN batches b ON b.id = v.worst_batch ${OF_VERDICT}
    WHERE v.dataset = ${named(datasetId)} AND v.version = ${version}
    ORDER BY (
      SELECT n.id FROM batches n WHERE n.version_id = v.id
      ORDER BY n.happened_ms DESC, n.id DESC LIMIT 1
    ) DESC LIMIT 1`);
  return row && verdictOf(row);
}

/** Verdicts are never taken back: the version has no worst one any more, and its activity tells when. */
export async function withdrawStatus(
  database: Database,
  datasetId: string,
  version: string,
): Promise<void> {
  const judged = sql`
    dataset = ${named(datasetId)} AND version = ${version} AND worst_batch IS NOT NULL`;
  await database.write(async (session) => {
    await session.run(sql`
      INSERT INTO activity (dataset, version_id, recorded_ms, operation, reused)
      SELECT dataset, id, ${Date.now()}, 'withdraw', 0 FROM versions WHERE ${judged}`);
    await session.run(sql`
      UPDATE versions SET worst_batch = NULL, worst_rank = -1 WHERE ${judged}`);
  });
}
