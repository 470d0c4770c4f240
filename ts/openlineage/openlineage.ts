import type { StreamingObserver } from "../hooks.js";
import type { StreamingRun } from "../run.js";
import { LineageRun } from "./lineage-run.js";
import { type OpenLineageOptions, resolve } from "./options.js";

/**
 * Tells OpenLineage of every run and what its batches did: `START`, `RUNNING`, and at the end
 * `COMPLETE`, `ABORT` (somebody stopped it) or `FAIL`. One observer serves any number of queries.
 */
export function openLineage(options: OpenLineageOptions): StreamingObserver {
  const resolved = resolve(options);
  const runs = new WeakMap<StreamingRun, LineageRun>();
  const lineageOf = (run: StreamingRun): LineageRun => {
    const known = runs.get(run) ?? new LineageRun(run, resolved);
    runs.set(run, known);
    return known;
  };
  return {
    name: resolved.name,
    tell: (batch, { run, signal }) => lineageOf(run).tell(batch, signal),
    gap: (versions, { run, signal }) => lineageOf(run).gap(versions, signal),
    end: (outcome, { run, signal }) => lineageOf(run).end(outcome, signal),
  };
}
