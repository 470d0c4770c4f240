import type { Dated, Verdict } from "./records.js";
import type { Told } from "./store.js";
import type { CallOptions, ContractKey, Properties } from "./types.js";

export interface HistoryFilter {
  datasetId: string;
  /** Absent lists leave out nothing. */
  datasetVersions?: readonly string[];
  contractIds?: readonly string[];
  contractVersions?: readonly string[];
}

/**
 * What was told of datasets: only ever added to, each thing once however often it was told. Lists are
 * in the order of telling; a history that has a limit answers the newest.
 */
export interface DatasetHistory {
  /** So much is answered at most; absent: all that there is. */
  readonly limit?: number;
  add(datasetId: string, told: Told, call?: CallOptions): Promise<void>;
  /** A lineage event with the datasets that it is about, each with the version that it names, if any. */
  trace(
    event: Properties,
    datasets: ReadonlyMap<string, string | undefined>,
    call?: CallOptions,
  ): Promise<void>;
  /** What a dataset version was linked to last; without a version, what the dataset was. */
  linked(datasetId: string, version?: string): Promise<ContractKey | undefined>;
  datasets(): Promise<readonly string[]>;
  verdicts(filter: HistoryFilter): Promise<readonly Verdict[]>;
  /** Of each dataset version under each contract the newest of its worst verdicts. */
  worst(filter: HistoryFilter): Promise<readonly Verdict[]>;
  activity(filter: HistoryFilter): Promise<readonly Dated[]>;
  /** The last lineage event about each of these versions. */
  lastTraced(
    datasetId: string,
    versions: readonly string[],
  ): Promise<ReadonlyMap<string, Properties>>;
}
