import { packageVersion } from "../package-version.js";
import type { LineageFacets } from "./event.js";

export const ENGINE = { name: "Headgate", version: packageVersion() } as const;
export const PRODUCER = `urn:headgate:${ENGINE.version}`;
export const EVENT_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/** Version and definition of each facet of the standard. */
const STANDARD = {
  dataQualityAssertions: ["1-1-0", "DataQualityAssertionsDatasetFacet"],
  dataQualityMetrics: ["1-0-3", "DataQualityMetricsInputDatasetFacet"],
  datasetType: ["1-0-1", "DatasetTypeDatasetFacet"],
  errorMessage: ["1-0-1", "ErrorMessageRunFacet"],
  inputStatistics: ["1-0-0", "InputStatisticsInputDatasetFacet"],
  jobType: ["2-0-4", "JobTypeJobFacet"],
  outputStatistics: ["1-0-2", "OutputStatisticsOutputDatasetFacet"],
  parent: ["1-2-0", "ParentRunFacet"],
  processing_engine: ["1-1-1", "ProcessingEngineRunFacet"],
  schema: ["1-2-0", "SchemaDatasetFacet"],
  sourceCodeLocation: ["1-1-0", "SourceCodeLocationJobFacet"],
  storage: ["1-0-1", "StorageDatasetFacet"],
  test: ["1-0-1", "TestRunFacet"],
  version: ["1-0-1", "DatasetVersionDatasetFacet"],
} as const;

/** Headgate's own, which `headgate-facets.json` beside this file describes. */
const OWN = {
  headgate_microBatch: "HeadgateMicroBatchRunFacet",
  headgate_gap: "HeadgateGapRunFacet",
} as const;

type FacetName = keyof typeof STANDARD | keyof typeof OWN;

/** The facet under its key; nothing without fields. */
export function facet(name: FacetName, fields: object | undefined): LineageFacets {
  if (fields === undefined) return {};
  return { [name]: { _producer: PRODUCER, _schemaURL: schemaUrl(name), ...fields } };
}

function schemaUrl(name: FacetName): string {
  if (name in OWN) {
    return `urn:headgate:openlineage:1-0-0#/$defs/${OWN[name as keyof typeof OWN]}`;
  }
  const [version, definition] = STANDARD[name as keyof typeof STANDARD];
  return `https://openlineage.io/spec/facets/${version}/${definition}.json#/$defs/${definition}`;
}
