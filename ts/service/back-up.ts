import { resolve } from "node:path";
import { governanceError } from "../governance/fault.js";
import { sql } from "./store/sql.js";
import { openSqlite } from "./store/sqlite.js";

/** A whole copy of the embedded database in one new file, while services go on to write to it. */
export async function backUp(store: string, file: string): Promise<void> {
  if (/^postgres(ql)?:/.test(store)) {
    throw governanceError("CONFIG_VALUE", "PostgreSQL is backed up by its own tools", {
      operation: "back-up",
      field: "store",
      expected: "the folder of an embedded database",
      actual: "a PostgreSQL URL",
      details: "pg_dump -Fc, and pg_restore into an empty database",
    });
  }
  const database = await openSqlite(store);
  try {
    await database.all(sql`VACUUM INTO ${resolve(file)}`);
  } finally {
    await database.close();
  }
}
