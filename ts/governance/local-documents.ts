import type { ContractDocument } from "../config/types.js";
import { governanceError } from "./fault.js";
import { type DocumentKind, type DocumentStore, isSameDocument } from "./store.js";
import type { Page, PageRequest } from "./types.js";
import { compareVersions, select } from "./versions.js";

/** The documents of one kind in a store of ours. */
export class LocalDocuments {
  protected readonly store: DocumentStore;
  protected readonly kind: DocumentKind;

  constructor(store: DocumentStore, kind: DocumentKind) {
    this.store = store;
    this.kind = kind;
  }

  async put(document: ContractDocument): Promise<void> {
    const [id, version] = [namedBy(document, "id"), namedBy(document, "version")];
    const there = await this.store.putDocument(this.kind, id, version, document);
    if (isSameDocument(there, document)) return;
    throw governanceError("GOVERNANCE_CONFLICT", `${id} ${version} is there with other content`, {
      operation: "put",
      field: "version",
      expected: "a version that is new, or the content that it has",
      actual: version,
      details: "versions are never replaced: raise the version",
    });
  }

  get(id: string, version: string): Promise<ContractDocument | undefined> {
    return this.store.document(this.kind, id, version);
  }

  async list({ limit, offset = 0 }: PageRequest = {}): Promise<Page> {
    const ids = (await this.store.ids(this.kind)).toSorted();
    const items = ids.slice(offset, limit === undefined ? undefined : offset + limit);
    const page = { items, total: ids.length, offset };
    return limit === undefined ? page : { ...page, limit };
  }

  latest(id: string): Promise<ContractDocument | undefined> {
    return this.selected(id, "latest");
  }

  async versions(id: string): Promise<readonly string[]> {
    return (await this.store.versions(this.kind, id)).toSorted(compareVersions);
  }

  async selected(id: string, selector: string): Promise<ContractDocument | undefined> {
    const version = select(await this.store.versions(this.kind, id), selector);
    return version === undefined ? undefined : this.get(id, version);
  }
}

function namedBy(document: ContractDocument, field: "id" | "version"): string {
  const value = document[field];
  if (typeof value === "string" && value !== "") return value;
  throw governanceError("GOVERNANCE_INVALID", `the document has no ${field}`, {
    operation: "put",
    field,
    expected: "text",
    actual: value === undefined ? "nothing" : typeof value,
  });
}
