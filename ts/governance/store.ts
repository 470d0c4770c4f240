import { isDeepStrictEqual } from "node:util";
import type { ContractDocument } from "../config/types.js";
import type { ContractKey, DatasetKey, Operation, Properties, Validation } from "./types.js";

export type DocumentKind = "contracts" | "data-products";

/** One thing that was told of a dataset. Nothing that was told is ever changed. */
export type Entry = Readonly<{
  recordedAt: string;
  /** Told twice with the same key, it counts once. */
  key?: string;
}> &
  Told;

export type Told = Recorded | Linked | Traced;

export type Linked = Readonly<{
  kind: "link";
  datasetVersion: string;
  contractId: string;
  contractVersion: string;
}>;

export function linkOf({ datasetVersion }: DatasetKey, contract: ContractKey): Linked {
  const { contractId, contractVersion } = contract;
  return { kind: "link", datasetVersion, contractId, contractVersion };
}

/** `datasetVersion` if the event names it. */
export type Traced = Readonly<{ kind: "lineage"; event: Properties; datasetVersion?: string }>;

/** A verdict, or who did what it is about. */
export type Recorded = Readonly<{
  kind: "verdict" | "activity";
  datasetVersion: string;
  contractId: string;
  contractVersion: string;
  operation: Operation;
  pipelineContext?: Properties;
  observationsReused: boolean;
  validation?: Validation;
}>;

/** Where documents are kept. */
export interface DocumentStore {
  /** Puts it if there is none; answers what is there then. */
  putDocument(
    kind: DocumentKind,
    id: string,
    version: string,
    document: ContractDocument,
  ): Promise<ContractDocument>;
  document(kind: DocumentKind, id: string, version: string): Promise<ContractDocument | undefined>;
  ids(kind: DocumentKind): Promise<readonly string[]>;
  versions(kind: DocumentKind, id: string): Promise<readonly string[]>;
}

/** Where entries are kept. */
export interface EntryStore {
  append(datasetId: string, entry: Entry): Promise<void>;
  /** In the order in which they were told. */
  entries(datasetId: string): AsyncIterable<Entry>;
  datasets(): Promise<readonly string[]>;
}

/** As JSON has it: the order of keys does not matter. */
export function isSameDocument(a: ContractDocument, b: ContractDocument): boolean {
  const plain = (document: ContractDocument): unknown => JSON.parse(JSON.stringify(document));
  return isDeepStrictEqual(plain(a), plain(b));
}
