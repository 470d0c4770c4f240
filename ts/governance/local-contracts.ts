import type { ContractClient } from "./clients.js";
import type { DatasetHistory } from "./history.js";
import { LocalDocuments } from "./local-documents.js";
import { type DocumentStore, linkOf } from "./store.js";
import type { CallOptions, ContractKey, DatasetKey } from "./types.js";

export class LocalContracts extends LocalDocuments implements ContractClient {
  readonly #history: DatasetHistory;

  constructor(store: DocumentStore, history: DatasetHistory) {
    super(store, "contracts");
    this.#history = history;
  }

  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void> {
    return this.#history.add(dataset.datasetId, linkOf(dataset, contract), call);
  }

  linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    return this.#history.linked(datasetId, version);
  }
}
