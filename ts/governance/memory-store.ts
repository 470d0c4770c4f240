import type { ContractDocument } from "../config/types.js";
import type { DocumentKind, DocumentStore, Entry, EntryStore } from "./store.js";

/** Copies go in and out, as with any other store. */
export class MemoryStore implements DocumentStore, EntryStore {
  readonly #documents: Record<DocumentKind, Map<string, Map<string, string>>> = {
    contracts: new Map(),
    "data-products": new Map(),
  };
  readonly #entries = new Map<string, string[]>();

  async putDocument(kind: DocumentKind, id: string, version: string, document: ContractDocument) {
    const versions = this.#documents[kind].get(id) ?? new Map<string, string>();
    this.#documents[kind].set(id, versions);
    const there = versions.get(version) ?? JSON.stringify(document);
    versions.set(version, there);
    return JSON.parse(there) as ContractDocument;
  }

  async document(kind: DocumentKind, id: string, version: string) {
    const text = this.#documents[kind].get(id)?.get(version);
    return text === undefined ? undefined : (JSON.parse(text) as ContractDocument);
  }

  async ids(kind: DocumentKind) {
    return [...this.#documents[kind].keys()].sort();
  }

  async versions(kind: DocumentKind, id: string) {
    return [...(this.#documents[kind].get(id)?.keys() ?? [])];
  }

  async append(datasetId: string, entry: Entry) {
    const entries = this.#entries.get(datasetId) ?? [];
    this.#entries.set(datasetId, entries);
    entries.push(JSON.stringify(entry));
  }

  async *entries(datasetId: string) {
    for (const text of this.#entries.get(datasetId) ?? []) yield JSON.parse(text) as Entry;
  }

  async datasets() {
    return [...this.#entries.keys()].sort();
  }
}
