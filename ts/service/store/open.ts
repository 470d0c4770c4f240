import type { Database } from "./database.js";
import { migrate } from "./migrate.js";
import { openPostgres } from "./postgres.js";
import { openSqlite } from "./sqlite.js";

/** Opens the database that `store` names, in its newest state: a folder, or a `postgres://` URL. */
export async function openDatabase(store: string): Promise<Database> {
  const isUrl = /^postgres(ql)?:\/\//.test(store);
  const database = isUrl ? await openPostgres(store) : await openSqlite(store);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
