import type { LakeProgress } from "../telemetry.js";
import type { Database } from "./database.js";
import { listed, sql } from "./sql.js";

/** How far these tables were read, by whichever service; those that never were are left out. */
export async function lakeProgress(
  database: Database,
  tables: readonly string[],
): Promise<readonly LakeProgress[]> {
  if (tables.length === 0) return [];
  return database.all(sql`
    SELECT dataset, next_version FROM lakes WHERE address IN (${listed(tables)})`);
}
