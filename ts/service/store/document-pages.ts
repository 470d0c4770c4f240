import type { DocumentKind } from "../../governance/store.js";
import type { ContractKey } from "../../governance/types.js";
import type { Database } from "./database.js";
import { namePlaceOf, type PageAsked, type PageOf, pageOf } from "./pages.js";
import { every, sql } from "./sql.js";

/** So many datasets are named of a port. */
const MOST_DATASETS = 100;

interface DocumentRow {
  id: string;
  versions: number;
}

export async function documentsPage(
  database: Database,
  kind: DocumentKind,
  { prefix }: { prefix?: string | undefined },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const after = namePlaceOf(cursor);
  const rows = await database.all<DocumentRow>(sql`
    SELECT id, COUNT(*) AS versions FROM documents
    WHERE ${every([
      sql`kind = ${kind}`,
      after === undefined ? undefined : sql`id > ${after}`,
      prefix === undefined ? undefined : sql`id >= ${prefix} AND id < ${`${prefix}\u{10FFFF}`}`,
    ])}
    GROUP BY id ORDER BY id LIMIT ${limit + 1}`);
  return pageOf(
    rows,
    limit,
    (row) => row,
    ({ id }) => [id],
  );
}

/** The datasets that were judged by a contract, or linked to it, by name. */
export async function datasetsOfContract(
  database: Database,
  { contractId, contractVersion }: ContractKey,
): Promise<readonly string[]> {
  const of = sql`contract_id = ${contractId} AND contract_version = ${contractVersion}`;
  const rows = await database.all<{ name: string }>(sql`
    SELECT name FROM datasets WHERE id IN (
      SELECT dataset FROM uses WHERE ${of} UNION SELECT dataset FROM links WHERE ${of})
    ORDER BY name LIMIT ${MOST_DATASETS}`);
  return rows.map(({ name }) => name);
}
