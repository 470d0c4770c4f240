import type { ContractDocument } from "../config/types.js";
import { parseContract } from "../contract/document.js";
import { isMapping } from "../contract/expectation.js";
import { isSameDocument } from "../governance/store.js";
import { type ContractStore, conflict, nameOf, type StoredContract, storeError } from "./store.js";

/** Where the documents of a store lie. */
export interface Shelf {
  /** For messages. */
  readonly place: string;
  versions(id: string): Promise<readonly string[]>;
  read(id: string, version: string): Promise<StoredContract | undefined>;
  /** Unless there is one of that version. */
  put(id: string, version: string, text: string): Promise<void>;
}

/** Contracts on any shelf that keeps what it was given first. */
export class DocumentStore implements ContractStore {
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  versions(id: string): Promise<readonly string[]> {
    return this.#shelf.versions(id);
  }

  read(id: string, version: string): Promise<StoredContract | undefined> {
    return this.#shelf.read(id, version);
  }

  /** What is there afterwards decides: another writer may have been first, or an answer was lost. */
  async publish(contract: ContractDocument): Promise<void> {
    const { id, version } = nameOf(contract);
    const put = this.#shelf.put(id, version, JSON.stringify(contract));
    const failure: unknown = await put.then(
      () => undefined,
      (error: unknown) => error,
    );
    const there = await this.#shelf.read(id, version);
    if (there === undefined && failure !== undefined) throw failure;
    if (there === undefined || isSameDocument(documentOf(there), contract)) return;
    throw conflict(id, version, this.#shelf.place);
  }
}

/** Throws `CONTRACT_INVALID` where the text is no document. */
export function documentOf({ text, place }: StoredContract): ContractDocument {
  const { value, fault } = parseContract(text);
  if (isMapping(value)) return value as ContractDocument;
  throw storeError("CONTRACT_INVALID", `${place} is no contract`, {
    operation: "read",
    expected: "an ODCS document",
    actual: fault ?? typeof value,
    details: place,
  });
}
