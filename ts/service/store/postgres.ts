import type { Pool, PoolClient, QueryResult } from "pg";
import type { Database, Session } from "./database.js";
import { storeFault } from "./fault.js";
import { type Sql, sql } from "./sql.js";

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Another writer was in the way: the same work may well pass now. */
const PASSING = new Set(["40001", "40P01"]);
const MAX_TRIES = 5;
const INT8_OID = 20;

export interface PostgresOptions {
  /** Default: 10. */
  maxConnections?: number;
}

/** A database that any number of services may share. */
export async function openPostgres(
  url: string,
  { maxConnections = 10 }: PostgresOptions = {},
): Promise<Database> {
  const address = withoutPassword(url);
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: "headgate",
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8_OID ? Number : pg.types.getTypeParser(oid, format as "text"),
    },
  });
  // A connection that breaks while it is idle is replaced; the next query tells if that fails.
  pool.on("error", () => {});
  try {
    await pool.query("SELECT 1");
  } catch (error) {
    await pool.end();
    throw storeFault("connect", address, error);
  }
  return new PostgresDatabase(pool, address);
}

type Queryable = Pick<Pool, "query"> | Pick<PoolClient, "query">;

class PostgresSession implements Session {
  readonly #queryable: Queryable;
  readonly #address: string;

  constructor(queryable: Queryable, address: string) {
    this.#queryable = queryable;
    this.#address = address;
  }

  async all<Row>(query: Sql): Promise<Row[]> {
    try {
      const asked = { text: query.text("postgres"), values: [...query.values] };
      const result = (await this.#queryable.query(asked)) as QueryResult;
      return result.rows as Row[];
    } catch (error) {
      throw storeFault("query", this.#address, error);
    }
  }

  async one<Row>(query: Sql): Promise<Row | undefined> {
    const [first] = await this.all<Row>(query);
    return first;
  }

  async run(query: Sql): Promise<void> {
    await this.all(query);
  }
}

class PostgresDatabase extends PostgresSession implements Database {
  readonly dialect = "postgres";
  readonly address: string;
  readonly #pool: Pool;

  constructor(pool: Pool, address: string) {
    super(pool, address);
    this.address = address;
    this.#pool = pool;
  }

  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#write(work);
      } catch (error) {
        if (!isPassing(error) || tries === MAX_TRIES) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw storeFault("connect", this.address, error);
    });
    const session = new PostgresSession(client, this.address);
    // One that breaks while it is ours fails the next query, and that tells it.
    const ignore = () => {};
    client.on("error", ignore);
    let isBroken = false;
    try {
      await session.run(sql`BEGIN`);
      const result = await work(session);
      await session.run(sql`COMMIT`);
      return result;
    } catch (error) {
      isBroken = await session.run(sql`ROLLBACK`).then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      client.off("error", ignore);
      client.release(isBroken);
    }
  }
}

function isPassing(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  return typeof code === "string" && PASSING.has(code);
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return "the database";
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
