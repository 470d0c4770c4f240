import type { Entry, GovernanceStore, Told } from "./store.js";
import type { CallOptions, ContractKey, DatasetKey } from "./types.js";

/** What was told of datasets: only ever added to, each thing once however often it was told. */
export class DatasetLog {
  readonly #store: GovernanceStore;

  constructor(store: GovernanceStore) {
    this.#store = store;
  }

  /** Costs the same however much is there: what is told twice is left out by those who read. */
  async add(
    datasetId: string,
    entry: Told,
    { idempotencyKey, signal }: CallOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    const keyed = idempotencyKey === undefined ? {} : { key: idempotencyKey };
    await this.#store.append(datasetId, {
      ...entry,
      recordedAt: new Date().toISOString(),
      ...keyed,
    });
  }

  link(dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void> {
    const { contractId, contractVersion } = contract;
    const linked = { datasetVersion: dataset.datasetVersion, contractId, contractVersion };
    return this.add(dataset.datasetId, { kind: "link", ...linked }, call);
  }

  async linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    let last: ContractKey | undefined;
    for await (const entry of this.entries(datasetId)) {
      if (entry.kind !== "link" && entry.kind !== "activity") continue;
      const { datasetVersion, contractId, contractVersion } = entry;
      if (version === undefined || version === datasetVersion) {
        last = { contractId, contractVersion };
      }
    }
    return last;
  }

  /** In the order in which they were first told. */
  async *entries(datasetId: string): AsyncGenerator<Entry> {
    const seen = new Set<string>();
    for await (const entry of this.#store.entries(datasetId)) {
      const key = entry.key === undefined ? undefined : `${entry.kind} ${entry.key}`;
      if (key !== undefined && seen.has(key)) continue;
      if (key !== undefined) seen.add(key);
      yield entry;
    }
  }

  datasets(): Promise<readonly string[]> {
    return this.#store.datasets();
  }
}
