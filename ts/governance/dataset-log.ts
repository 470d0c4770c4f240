import type { DatasetHistory, HistoryFilter } from "./history.js";
import { type Dated, grouped, type Verdict, worstOf } from "./records.js";
import type { Entry, EntryStore, Recorded, Told } from "./store.js";
import type { CallOptions, ContractKey, Properties } from "./types.js";
import { defined } from "./wire.js";

/** A history that reads all that its store has of a dataset. */
export class DatasetLog implements DatasetHistory {
  readonly #store: EntryStore;

  constructor(store: EntryStore) {
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

  async trace(
    event: Properties,
    datasets: ReadonlyMap<string, string | undefined>,
    call?: CallOptions,
  ): Promise<void> {
    for (const [datasetId, datasetVersion] of datasets) {
      await this.add(datasetId, defined({ kind: "lineage", event, datasetVersion }), call);
    }
  }

  async linked(datasetId: string, version?: string): Promise<ContractKey | undefined> {
    let last: ContractKey | undefined;
    for await (const entry of this.#entries(datasetId)) {
      if (entry.kind !== "link" && entry.kind !== "activity") continue;
      const { datasetVersion, contractId, contractVersion } = entry;
      if (version === undefined || version === datasetVersion) {
        last = { contractId, contractVersion };
      }
    }
    return last;
  }

  datasets(): Promise<readonly string[]> {
    return this.#store.datasets();
  }

  async verdicts(filter: HistoryFilter): Promise<readonly Verdict[]> {
    const recorded = await this.#recorded("verdict", filter);
    return recorded.filter((each): each is Verdict => each.validation !== undefined);
  }

  async worst(filter: HistoryFilter): Promise<readonly Verdict[]> {
    const groups = grouped(await this.verdicts(filter));
    return groups.map((group) => worstOf(group) ?? group[0]);
  }

  activity(filter: HistoryFilter): Promise<readonly Dated[]> {
    return this.#recorded("activity", filter);
  }

  async lastTraced(datasetId: string, versions: readonly string[]) {
    const last = new Map<string, Properties>();
    for await (const entry of this.#entries(datasetId)) {
      if (entry.kind !== "lineage") continue;
      const about = entry.datasetVersion === undefined ? versions : [entry.datasetVersion];
      for (const version of about) last.set(version, entry.event);
    }
    return last;
  }

  async #recorded(kind: Recorded["kind"], filter: HistoryFilter): Promise<Dated[]> {
    const { datasetVersions, contractIds, contractVersions } = filter;
    const found: Dated[] = [];
    for await (const entry of this.#entries(filter.datasetId)) {
      if (entry.kind !== kind) continue;
      const isMeant =
        (datasetVersions?.includes(entry.datasetVersion) ?? true) &&
        (contractIds?.includes(entry.contractId) ?? true) &&
        (contractVersions?.includes(entry.contractVersion) ?? true);
      if (isMeant) found.push(entry);
    }
    return found;
  }

  /** In the order in which they were first told. */
  async *#entries(datasetId: string): AsyncGenerator<Entry> {
    const seen = new Set<string>();
    for await (const entry of this.#store.entries(datasetId)) {
      const key = entry.key === undefined ? undefined : `${entry.kind} ${entry.key}`;
      if (key !== undefined && seen.has(key)) continue;
      if (key !== undefined) seen.add(key);
      yield entry;
    }
  }
}
