import type { GovernanceStatus } from "../../governance/status.js";
import type { Sql } from "./sql.js";

export type Dialect = "sqlite" | "postgres";

/** Integers are numbers, whatever their width in the database; every one fits. */
export interface Session {
  all<Row>(query: Sql): Promise<Row[]>;
  /** The first row, if there is one. */
  one<Row>(query: Sql): Promise<Row | undefined>;
  run(query: Sql): Promise<void>;
  /** Of a transaction that is measured: counts once it is committed. */
  note?(verdict: WrittenVerdict): void;
}

export interface WrittenVerdict {
  status: GovernanceStatus;
  operation: string;
  /** Who said it: whoever runs the query, or the log of its output. */
  source: "client" | "ledger";
}

/** Where the service keeps what it knows: one interface, two databases. */
export interface Database extends Session {
  readonly dialect: Dialect;
  /** Where it is, without user and password. */
  readonly address: string;
  /** All of `work` or nothing; it may run again where another writer was in its way. */
  write<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
