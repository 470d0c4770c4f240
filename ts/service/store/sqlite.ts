import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Database, Session } from "./database.js";
import { storeFault } from "./fault.js";
import type { Sql } from "./sql.js";

const FILE = "headgate.db";
/** Another process that writes to the same file may take so long. */
const WAIT_FOR_WRITER_MS = 10_000;
const LONGEST_PAUSE_MS = 50;
const MAX_STATEMENTS = 500;

/** The part of libsql's driver that is used here. */
interface Driver {
  exec(text: string): void;
  pragma(text: string): unknown;
  prepare(text: string): Statement;
  close(): void;
}

interface Statement {
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): unknown;
}

/** A database in one file of `directory`, which several processes of one machine may share. */
export async function openSqlite(directory: string): Promise<Database> {
  const path = join(resolve(directory), FILE);
  const libsql = await loadDriver();
  try {
    await mkdir(directory, { recursive: true });
    return new SqliteDatabase(path, () => opened(new libsql(path)));
  } catch (error) {
    throw storeFault("open", path, error);
  }
}

async function loadDriver(): Promise<new (path: string) => Driver> {
  try {
    const { default: driver } = await import("libsql");
    return driver as unknown as new (
      path: string,
    ) => Driver;
  } catch (error) {
    throw storeFault("open", "the embedded database", error, {
      expected: "the package libsql with its build for this platform",
      details: "install without --omit=optional, or give --store a postgres:// URL",
    });
  }
}

/** Whoever is told that something was written finds it there after a loss of power. */
function opened(driver: Driver): Driver {
  driver.pragma("busy_timeout = 1000");
  driver.pragma("journal_mode = WAL");
  driver.pragma("synchronous = FULL");
  driver.pragma("foreign_keys = ON");
  driver.pragma("cache_size = -16000");
  driver.pragma("journal_size_limit = 67108864");
  return driver;
}

class SqliteSession implements Session {
  readonly #driver: Driver;
  readonly #path: string;
  readonly #statements = new Map<string, Statement>();

  constructor(driver: Driver, path: string) {
    this.#driver = driver;
    this.#path = path;
  }

  async all<Row>(query: Sql): Promise<Row[]> {
    return this.#guarded("read", () => this.#statement(query).all(...query.values) as Row[]);
  }

  async one<Row>(query: Sql): Promise<Row | undefined> {
    const [first] = await this.all<Row>(query);
    return first;
  }

  async run(query: Sql): Promise<void> {
    this.#guarded("write", () => this.#statement(query).run(...query.values));
  }

  #guarded<T>(operation: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw storeFault(operation, this.#path, error);
    }
  }

  #statement(query: Sql): Statement {
    const text = query.text("sqlite");
    const known = this.#statements.get(text) ?? this.#driver.prepare(text);
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    this.#statements.set(text, known);
    return known;
  }
}

class SqliteDatabase implements Database {
  readonly dialect = "sqlite";
  readonly address: string;
  readonly #readDriver: Driver;
  readonly #writeDriver: Driver;
  readonly #reader: SqliteSession;
  readonly #writer: SqliteSession;
  /** Ends when the last writer that was let in has ended. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(path: string, open: () => Driver) {
    this.address = path;
    this.#writeDriver = open();
    this.#readDriver = open();
    this.#reader = new SqliteSession(this.#readDriver, path);
    this.#writer = new SqliteSession(this.#writeDriver, path);
  }

  all<Row>(query: Sql): Promise<Row[]> {
    return this.#reader.all(query);
  }

  one<Row>(query: Sql): Promise<Row | undefined> {
    return this.#reader.one(query);
  }

  run(query: Sql): Promise<void> {
    return this.write((session) => session.run(query));
  }

  write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const written = this.#lastWrite.then(() => this.#write(work));
    this.#lastWrite = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    this.#readDriver.close();
    this.#writeDriver.close();
  }

  async #write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    await this.#begin();
    try {
      const result = await work(this.#writer);
      this.#exec("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** The driver would wait for another process with the whole of this one: it waits in between. */
  async #begin(): Promise<void> {
    this.#writeDriver.pragma("busy_timeout = 0");
    const until = performance.now() + WAIT_FOR_WRITER_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        this.#writeDriver.exec("BEGIN IMMEDIATE");
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) {
          throw storeFault("write", this.address, error);
        }
      }
      await pause(pauseMs);
    }
  }

  #exec(text: string): void {
    try {
      this.#writeDriver.exec(text);
    } catch (error) {
      throw storeFault("write", this.address, error);
    }
  }

  /** A fault that ended the transaction by itself leaves nothing to roll back. */
  #rollBack(): void {
    try {
      this.#writeDriver.exec("ROLLBACK");
    } catch {}
  }
}

function isBusy(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" && code.startsWith("SQLITE_BUSY");
}
