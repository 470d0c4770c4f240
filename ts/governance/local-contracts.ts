import type { ContractClient } from "./clients.js";
import type { DatasetLog } from "./dataset-log.js";
import { LocalDocuments } from "./local-documents.js";
import type { GovernanceStore } from "./store.js";
import type { CallOptions, ContractKey, DatasetKey } from "./types.js";

export class LocalContracts extends LocalDocuments implements ContractClient {
  readonly #log: DatasetLog;

  constructor(store: GovernanceStore, log: DatasetLog) {
    super(store, "contracts");
    this.#log = log;
  }

  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void> {
    return this.#log.link(dataset, contract, call);
  }

  linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    return this.#log.linked(datasetId, version);
  }
}
