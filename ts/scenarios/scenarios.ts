import { join } from "node:path";
import type { ContractStream } from "../streams/index.js";

export type ScenarioName = "valid" | "dq-rejects" | "schema-break";

/** What a scenario does to the rows that it reads, and what it is to come to. */
export interface Scenario {
  title: string;
  /** How long rows are read, unless it is said. */
  seconds: number;
  transform(stream: ContractStream): ContractStream;
  promised: "ok" | "warning" | "error";
}

/** One value in so many is below zero. */
const NEGATIVE_EVERY = 4;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  valid: {
    title: "every row holds",
    seconds: 8,
    transform: (stream) => stream.withColumn("quality_flag", "'valid'"),
    promised: "ok",
  },
  "dq-rejects": {
    title: `one value in ${NEGATIVE_EVERY} is below zero`,
    seconds: 8,
    transform: (stream) =>
      stream
        .withColumn(
          "value",
          `CASE WHEN value % ${NEGATIVE_EVERY} = ${NEGATIVE_EVERY - 1} THEN -value ELSE value END`,
        )
        .withColumn("quality_flag", "CASE WHEN value < 0 THEN 'warning' ELSE 'valid' END"),
    promised: "warning",
  },
  "schema-break": {
    title: "the column value is gone",
    seconds: 3,
    transform: (stream) => stream.select("timestamp", "'valid' AS quality_flag"),
    promised: "error",
  },
};

export const ROWS_PER_SECOND = 6;

/** Ids of contracts, and what governance calls the datasets under them. */
export const DATASETS = {
  events: "demo.streaming.events",
  processed: "demo.streaming.events_processed",
  rejects: "demo.streaming.events_rejects",
} as const;

export type ScenarioDataset = keyof typeof DATASETS;

/** The document in the package. */
export function contractOf(dataset: ScenarioDataset): string {
  const suffix = dataset === "events" ? "" : `_${dataset}`;
  const name = `streaming_events${suffix}.odcs.yaml`;
  return join(__dirname, "..", "..", "examples", "contracts", name);
}
