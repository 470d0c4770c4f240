import type { Database } from "./database.js";
import { before, type PageAsked, type PageOf, pageOf, placeOf } from "./pages.js";
import { timeOf } from "./rows.js";
import { every, sql } from "./sql.js";

interface EventRow {
  id: number;
  recorded_ms: number;
  event: string;
}

/** Events as they were told, the newest first. */
export async function eventsPage(
  database: Database,
  filter: {
    dataset_id?: string | undefined;
    job_namespace?: string | undefined;
    job_name?: string | undefined;
  },
  { limit, cursor }: PageAsked,
): Promise<PageOf<object>> {
  const { dataset_id: datasetId, job_namespace: namespace, job_name: job } = filter;
  const about =
    datasetId === undefined
      ? undefined
      : sql`e.id IN (
          SELECT s.event FROM lineage_subjects s JOIN datasets d ON d.id = s.dataset
          WHERE d.name = ${datasetId})`;
  const rows = await database.all<EventRow>(sql`
    SELECT e.id, e.recorded_ms, e.event FROM lineage_events e
    WHERE ${every([
      about,
      namespace === undefined ? undefined : sql`e.job_namespace = ${namespace}`,
      job === undefined ? undefined : sql`e.job_name = ${job}`,
      before(sql`e.id`, placeOf(cursor, 1)),
    ])}
    ORDER BY e.id DESC LIMIT ${limit + 1}`);
  const shown = ({ recorded_ms: ms, event }: EventRow) => ({
    recorded_at: timeOf(ms),
    event: JSON.parse(event),
  });
  return pageOf(rows, limit, shown, ({ id }) => [id]);
}
