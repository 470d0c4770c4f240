import type { RunOutcome, StreamingRun } from "../run.js";
import { inputs, type Known, outputs } from "./datasets.js";
import type { LineageEvent, LineageEventType, LineageFacets } from "./event.js";
import { ENGINE, EVENT_SCHEMA, facet, PRODUCER } from "./facets.js";
import type { ResolvedOptions } from "./options.js";
import { testsOf } from "./rules.js";
import type { Window } from "./window.js";

/** What changes from event to event of a run. */
export interface Moment {
  time: string;
  known: Known;
  /** What statistics and rules are of. */
  window?: Window;
  facets?: LineageFacets;
}

/** The events of one run. */
export class RunEvents {
  readonly #run: StreamingRun;
  readonly #options: ResolvedOptions;

  constructor(run: StreamingRun, options: ResolvedOptions) {
    this.#run = run;
    this.#options = options;
  }

  event(eventType: LineageEventType, { time, known, window, facets }: Moment): LineageEvent {
    return {
      eventType,
      eventTime: time,
      producer: PRODUCER,
      schemaURL: EVENT_SCHEMA,
      run: { runId: this.#run.runId, facets: { ...this.#runFacets(window), ...facets } },
      job: this.#job(),
      inputs: inputs(this.#run, known, window),
      outputs: outputs(this.#run, known, window),
    };
  }

  #runFacets(window: Window | undefined): LineageFacets {
    return {
      ...facet("processing_engine", { ...ENGINE, openlineageAdapterVersion: ENGINE.version }),
      ...facet("parent", this.#options.parent),
      ...facet("test", window && { tests: testsOf(window) }),
    };
  }

  #job(): LineageEvent["job"] {
    const { namespace, job, throttleMs } = this.#options;
    const emissionPattern = {
      eventTrigger: "PERIODIC",
      eventContentMode: "COMPLETE_SNAPSHOT",
      windowDuration: Math.max(1, Math.ceil(throttleMs / 1_000)),
    };
    const jobType = {
      processingType: "STREAMING",
      integration: "HEADGATE",
      jobType: "QUERY",
      emissionPattern,
    };
    const facets = {
      ...facet("jobType", jobType),
      ...facet("sourceCodeLocation", job?.sourceCodeLocation),
    };
    return { namespace, name: job?.name ?? this.#run.queryName, facets };
  }
}

/** What the batches of a window did, summed. */
export function microBatchFacet(window: Window): LineageFacets {
  const { last, firstBatchId, batches, status, rowCount, violations, counts, positions } = window;
  if (last === undefined) return {};
  return facet("headgate_microBatch", {
    batchId: last.batchId,
    batchUuid: last.batchUuid,
    firstBatchId,
    batches,
    committedAt: last.timestamp,
    status,
    ...(last.intervention !== undefined && { intervention: last.intervention }),
    rowCount,
    violations,
    counts,
    positions: positions.map(({ start, end, ...partition }) => ({
      ...partition,
      start: start.toString(),
      end: end.toString(),
    })),
  });
}

/** Why a run failed. */
export function errorFacet(outcome: RunOutcome): LineageFacets {
  if (outcome.status !== "failed") return {};
  const message = `[${outcome.error.code}] ${outcome.error.message}`;
  return facet("errorMessage", { message, programmingLanguage: "Rust" });
}
