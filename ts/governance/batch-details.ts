import { isMapping } from "../contract/expectation.js";
import type { Properties } from "./types.js";

/** A dataset by OpenLineage's names; `datasetId` if governance knows it by another. */
export interface Place {
  namespace: string;
  name: string;
  datasetId?: string;
}

/** What a micro-batch read, and where its rows went. */
export interface BatchLinks {
  inputs: readonly Place[];
  output?: Place;
  rejects?: Place & { rowCount?: number };
  deadLetters?: Place & { rowCount?: number };
  rerouted?: Place & { rowCount?: number };
}

/** What the details of a verdict say of the micro-batch that it is about, if it is about one. */
export interface BatchFacts {
  /** The output version of its commit. */
  batchId?: number;
  batchUuid?: string;
  happenedAt?: string;
  rowCount?: number;
  /** It had no rows: of a validation that counts as well. */
  isIdle?: boolean;
  query?: string;
  incarnation?: string;
  contractHash?: string;
  intervention?: string;
  counts?: Readonly<Record<string, number>>;
  links?: BatchLinks;
}

/** Of details as `governanceObserver` and dc43 write them. */
export function factsOf(details: Properties): BatchFacts {
  const [entry] = Array.isArray(details.streaming_batches)
    ? details.streaming_batches.filter(isMapping).slice(-1)
    : [];
  const facts: Record<keyof BatchFacts, unknown> = {
    batchId: whole(details.streaming_batch_id),
    batchUuid: text(details.batch_uuid),
    happenedAt: text(entry?.timestamp),
    rowCount: whole(entry?.row_count),
    isIdle: entry?.status === "idle" ? true : undefined,
    query: text(details.query),
    incarnation: text(details.incarnation),
    contractHash: text(details.contract_hash),
    intervention: text(details.streaming_intervention_reason) ?? text(entry?.intervention),
    counts: numbers(details.counts),
    links: linksOf(details.links),
  };
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as BatchFacts;
}

/** As the details of a verdict hold them. */
export function writeLinks({ inputs, output, rejects, deadLetters, rerouted }: BatchLinks) {
  const write = (place: (Place & { rowCount?: number }) | undefined) =>
    place && {
      namespace: place.namespace,
      name: place.name,
      ...(place.datasetId === undefined ? {} : { dataset_id: place.datasetId }),
      ...(place.rowCount === undefined ? {} : { row_count: place.rowCount }),
    };
  return {
    inputs: inputs.map(write),
    ...(output && { output: write(output) }),
    ...(rejects && { rejects: write(rejects) }),
    ...(deadLetters && { dead_letters: write(deadLetters) }),
    ...(rerouted && { rerouted: write(rerouted) }),
  };
}

function linksOf(value: unknown): BatchLinks | undefined {
  if (!isMapping(value)) return undefined;
  const inputs = Array.isArray(value.inputs) ? value.inputs.map(placeOf) : [];
  const others = {
    output: placeOf(value.output),
    rejects: placeOf(value.rejects),
    deadLetters: placeOf(value.dead_letters),
    rerouted: placeOf(value.rerouted),
  };
  const known = Object.entries(others).filter(([, place]) => place !== undefined);
  return {
    inputs: inputs.filter((place) => place !== undefined),
    ...(Object.fromEntries(known) as Omit<BatchLinks, "inputs">),
  };
}

function placeOf(value: unknown): (Place & { rowCount?: number }) | undefined {
  if (!isMapping(value)) return undefined;
  const { namespace, name } = value;
  if (typeof namespace !== "string" || typeof name !== "string") return undefined;
  const [datasetId, rowCount] = [text(value.dataset_id), whole(value.row_count)];
  return {
    namespace,
    name,
    ...(datasetId === undefined ? {} : { datasetId }),
    ...(rowCount === undefined ? {} : { rowCount }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function numbers(value: unknown): Record<string, number> | undefined {
  if (!isMapping(value)) return undefined;
  const entries = Object.entries(value).filter(([, each]) => typeof each === "number");
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Record<string, number>);
}
