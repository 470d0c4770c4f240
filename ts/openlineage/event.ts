// The part of OpenLineage's object model that Headgate sends; the official schema is in `standard`.

export type LineageEventType = "START" | "RUNNING" | "COMPLETE" | "ABORT" | "FAIL";

export type LineageFacet = Readonly<{
  _producer: string;
  _schemaURL: string;
  [field: string]: unknown;
}>;

export type LineageFacets = Readonly<Record<string, LineageFacet>>;

export interface LineageDataset {
  namespace: string;
  name: string;
  facets: LineageFacets;
}

/** A run event of OpenLineage 2-0-2. */
export interface LineageEvent {
  eventType: LineageEventType;
  /** ISO 8601, UTC. */
  eventTime: string;
  producer: string;
  schemaURL: string;
  run: { runId: string; facets: LineageFacets };
  job: { namespace: string; name: string; facets: LineageFacets };
  inputs: readonly (LineageDataset & { inputFacets: LineageFacets })[];
  outputs: readonly (LineageDataset & { outputFacets: LineageFacets })[];
}

/** Takes events to whoever keeps them. */
export interface LineageTransport {
  /** What it throws is logged, and the same event is emitted again after a pause. */
  emit(event: LineageEvent, ctx: { signal: AbortSignal }): void | Promise<void>;
}
