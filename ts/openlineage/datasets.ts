import { fileURLToPath } from "node:url";
import type { ObservedTable, StreamingRun } from "../run.js";
import type { LineageDataset, LineageEvent, LineageFacets } from "./event.js";
import { facet } from "./facets.js";
import { assertionsOf } from "./rules.js";
import type { Window } from "./window.js";

const KAFKA_PORT = 9092;

/** What events repeat of a run, beside what is new: an event that leaves a dataset out ends its lineage. */
export interface Known {
  topics: readonly string[];
  outputVersion?: string;
  rejectsVersion?: string;
}

/**
 * Records that are made up come from no dataset. Statistics stand at a topic where the window read no other, since a batch does not count by topic;
 * rules judged the rows of all of them.
 */
export function inputs(run: StreamingRun, known: Known, window?: Window): LineageEvent["inputs"] {
  const read = window?.positions.filter(({ start, end }) => end > start) ?? [];
  const topicsRead = new Set(read.map(({ topic }) => topic));
  return topicPlaces(run, known.topics).map(({ namespace, name }) => {
    const facets = facet("datasetType", { datasetType: "TOPIC" });
    const inputFacets =
      window !== undefined && topicsRead.has(name) ? inputFacetsOf(window, topicsRead.size) : {};
    return { namespace, name, facets, inputFacets };
  });
}

function inputFacetsOf(window: Window, numTopicsRead: number): LineageFacets {
  const { counts, rowCount } = window;
  const assertions = assertionsOf(window);
  const alone = numTopicsRead === 1;
  return {
    ...facet("inputStatistics", alone ? { rowCount: counts.records } : undefined),
    ...facet("dataQualityMetrics", alone ? { rowCount, columnMetrics: {} } : undefined),
    ...facet("dataQualityAssertions", { assertions }),
  };
}

export function outputs(run: StreamingRun, known: Known, window?: Window): LineageEvent["outputs"] {
  const { output, rejects, deadLetters, sinks, columns } = run;
  const fields = columns.map(({ name, odcsType: type }, at) => ({
    ...{ name, type },
    ordinal_position: at + 1,
  }));
  const rows = window?.written;
  const written = (
    table: ObservedTable,
    rowCount?: number,
    version?: string,
    more: LineageFacets = {},
  ) => {
    const facets = {
      ...facet("datasetType", { datasetType: "TABLE" }),
      ...facet("storage", { storageLayer: "delta", fileFormat: "parquet" }),
      ...facet("version", version === undefined ? undefined : { datasetVersion: version }),
      ...more,
    };
    const statistics = rowCount === undefined ? undefined : { rowCount };
    const outputFacets = facet("outputStatistics", statistics);
    return { ...placeOf(table), facets, outputFacets };
  };
  return [
    written(output, rows?.output, known.outputVersion, facet("schema", { fields })),
    ...(rejects ? [written(rejects, rows?.rejects, known.rejectsVersion)] : []),
    ...(deadLetters ? [written(deadLetters, rows?.deadLetters)] : []),
    ...Object.entries(sinks).map(([name, sink]) =>
      written(sink, window && (window.rerouted[name] ?? 0)),
    ),
  ];
}

/** Where topics are; records that are made up come from nowhere. */
export function topicPlaces(
  { input }: Pick<StreamingRun, "input">,
  topics: readonly string[],
): Place[] {
  if (input.format !== "kafka") return [];
  const namespace = kafkaNamespace(input.bootstrapServers);
  return topics.map((name) => ({ namespace, name }));
}

/** By OpenLineage's naming: `kafka://host:port` of the first server. */
function kafkaNamespace(bootstrapServers: string): string {
  const [first = ""] = bootstrapServers.split(",");
  const server = first.trim().replace(/^[^/]*:\/\//, "");
  return `kafka://${/:\d+$/.test(server) ? server : `${server}:${KAFKA_PORT}`}`;
}

type Place = Pick<LineageDataset, "namespace" | "name">;

/** By OpenLineage's naming: `file` and a path, or a bucket and what is in it. */
export function placeOf({ address }: Pick<ObservedTable, "address">): Place {
  if (address.startsWith("file:")) return { namespace: "file", name: fileURLToPath(address) };
  const [, namespace = address, name = ""] = /^([^:]+:\/\/[^/]+)\/*(.*)$/.exec(address) ?? [];
  return { namespace, name: name || "/" };
}
