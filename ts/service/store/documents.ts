import { createHash } from "node:crypto";
import type { ContractDocument } from "../../config/types.js";
import type { DocumentKind, DocumentStore } from "../../governance/store.js";
import type { Database } from "./database.js";
import { sql } from "./sql.js";

/** Contracts and data products; a version is never replaced. */
export class SqlDocuments implements DocumentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async putDocument(kind: DocumentKind, id: string, version: string, document: ContractDocument) {
    const text = JSON.stringify(document);
    const hash = createHash("sha256").update(text).digest("hex");
    return this.#database.write(async (session) => {
      await session.run(sql`
        INSERT INTO documents (kind, id, version, hash, document, recorded_ms)
        VALUES (${kind}, ${id}, ${version}, ${hash}, ${text}, ${Date.now()})
        ON CONFLICT DO NOTHING`);
      const there = await session.one<{ document: string }>(sql`
        SELECT document FROM documents
        WHERE kind = ${kind} AND id = ${id} AND version = ${version}`);
      return there === undefined ? document : read(there);
    });
  }

  async document(kind: DocumentKind, id: string, version: string) {
    const there = await this.#database.one<{ document: string }>(sql`
      SELECT document FROM documents
      WHERE kind = ${kind} AND id = ${id} AND version = ${version}`);
    return there && read(there);
  }

  async ids(kind: DocumentKind) {
    const rows = await this.#database.all<{ id: string }>(sql`
      SELECT DISTINCT id FROM documents WHERE kind = ${kind} ORDER BY id`);
    return rows.map(({ id }) => id);
  }

  async versions(kind: DocumentKind, id: string) {
    const rows = await this.#database.all<{ version: string }>(sql`
      SELECT version FROM documents WHERE kind = ${kind} AND id = ${id} ORDER BY version`);
    return rows.map(({ version }) => version);
  }
}

function read({ document }: { document: string }): ContractDocument {
  return JSON.parse(document) as ContractDocument;
}
