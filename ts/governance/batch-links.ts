import type { StreamingBatch } from "../batch.js";
import { placeOf, topicPlaces } from "../openlineage/datasets.js";
import type { ObservedTable, StreamingRun } from "../run.js";
import type { BatchLinks, Place } from "./batch-details.js";
import type { ObservedSchema } from "./types.js";

/** What a batch read, and where its rows went; `dataset` is what governance calls the output. */
export function linksOf(batch: StreamingBatch, run: StreamingRun, dataset: string): BatchLinks {
  const { counts, positions, rerouted } = batch;
  const { output, rejects, deadLetters, sinks } = run;
  const topics = [...new Set(positions.map(({ topic }) => topic))];
  const target = rerouted && (sinks[rerouted.name] ?? rejects);
  return {
    inputs: topicPlaces(run, topics),
    output: { ...placeOf(output), datasetId: dataset },
    ...(rejects && { rejects: { ...named(rejects), rowCount: counts.rejected } }),
    ...(deadLetters && { deadLetters: { ...named(deadLetters), rowCount: counts.deadLetters } }),
    ...(rerouted && target && { rerouted: { ...named(target), rowCount: rerouted.rowCount } }),
  };
}

/** The columns of the contract's rows: Headgate's own begin with an underscore. */
export function schemaOf({ columns }: StreamingRun): ObservedSchema {
  const own = columns.filter(({ name }) => !name.startsWith("_"));
  return Object.fromEntries(
    own.map(({ name, odcsType, nullable }) => [name, { odcsType, nullable }]),
  );
}

function named(table: ObservedTable): Place {
  return { ...placeOf(table), datasetId: table.datasetId };
}
