import { governanceError } from "../../governance/fault.js";
import type { Database, Dialect, Session } from "./database.js";
import { first } from "./migrations/001-first.js";
import { Sql, sql } from "./sql.js";

export interface Migration {
  /** From 1, without a hole. */
  number: number;
  name: string;
  statements(words: Words): readonly string[];
}

/** What the databases spell differently. */
interface Words {
  /** Compared by code points, as SQLite does and JavaScript nearly does. */
  text: string;
  /** A key that grows and is never given twice. */
  serial: string;
}

const WORDS: Readonly<Record<Dialect, Words>> = {
  sqlite: { text: "TEXT", serial: "INTEGER PRIMARY KEY AUTOINCREMENT" },
  postgres: {
    text: 'TEXT COLLATE "C"',
    serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
  },
};

export const MIGRATIONS: readonly Migration[] = [first];

/** Any number that no other software is likely to lock. */
const LOCK = 7_240_318_226;

/**
 * Brings the database to the newest state, in one transaction: of several services that start at
 * once, one does it and the others wait. Answers the names of what was done.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<readonly string[]> {
  return database.write(async (session) => {
    if (database.dialect === "postgres")
      await session.run(sql`SELECT pg_advisory_xact_lock(${LOCK})`);
    await session.run(sql`
      CREATE TABLE IF NOT EXISTS migrations (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        applied_ms BIGINT NOT NULL
      )`);
    const newest = await session.one<{ number: number }>(
      sql`SELECT number FROM migrations ORDER BY number DESC LIMIT 1`,
    );
    const known = newest?.number ?? 0;
    const last = migrations.at(-1)?.number ?? 0;
    if (known > last) throw tooNew(database.address, known, last);
    const missing = migrations.filter(({ number }) => number > known);
    for (const migration of missing) await apply(session, migration, WORDS[database.dialect]);
    return missing.map(({ name }) => name);
  });
}

async function apply(session: Session, migration: Migration, words: Words): Promise<void> {
  for (const text of migration.statements(words)) await session.run(new Sql([text], []));
  const { number, name } = migration;
  await session.run(sql`
    INSERT INTO migrations (number, name, applied_ms) VALUES (${number}, ${name}, ${Date.now()})`);
}

function tooNew(address: string, known: number, last: number): Error {
  return governanceError("GOVERNANCE_STORE", "the database is of a newer version of headgate", {
    operation: "migrate",
    expected: `migration ${last} at most`,
    actual: `migration ${known}`,
    details: `${address}: upgrade this service; a database never goes back`,
  });
}
