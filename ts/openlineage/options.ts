import { invalidArgument } from "../failure.js";
import type { LineageTransport } from "./event.js";

/** A job and one run of it. */
export interface LineageParent {
  job: { namespace: string; name: string };
  run: { runId: string };
}

/** Where the program lies that starts the query: the fields of OpenLineage's facet. */
export interface SourceCodeLocation {
  /** `git`, say. */
  type: string;
  url: string;
  repoUrl?: string;
  path?: string;
  version?: string;
  tag?: string;
  branch?: string;
}

export interface OpenLineageOptions {
  /** Of the job. */
  namespace: string;
  transport: LineageTransport;
  /** The observer's, in the output's log; of several, each needs its own. Default: `openlineage`. */
  name?: string;
  job?: {
    /** Default: the query's name. */
    name?: string;
    sourceCodeLocation?: SourceCodeLocation;
  };
  /** The orchestrator's run that started this one, and the one at the top. */
  parent?: LineageParent & { root?: LineageParent };
  /** Batches that follow within that time are summed, if nothing is wrong with them. Default: 10,000. */
  throttleMs?: number;
}

export type ResolvedOptions = OpenLineageOptions &
  Required<Pick<OpenLineageOptions, "name" | "throttleMs">>;

const THROTTLE_MS = 10_000;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** With defaults. Throws on what the receiver would refuse in every event. */
export function resolve(options: OpenLineageOptions): ResolvedOptions {
  const { name = "openlineage", throttleMs = THROTTLE_MS, namespace, parent } = options;
  if (typeof namespace !== "string" || namespace.trim() === "") {
    throw refused("namespace", "a name for the job's namespace", JSON.stringify(namespace));
  }
  if (!(throttleMs >= 0)) throw refused("throttleMs", "milliseconds, 0 or more", `${throttleMs}`);
  for (const [field, run] of [
    ["parent.run.runId", parent?.run],
    ["parent.root.run.runId", parent?.root?.run],
  ] as const) {
    if (run && !UUID.test(run.runId)) throw refused(field, "a UUID", JSON.stringify(run.runId));
  }
  return { ...options, name, throttleMs };
}

/** The error of an option that cannot be used. */
export function refused(field: string, expected: string, actual: string) {
  const context = { operation: "start", component: "openlineage", field, expected, actual };
  return invalidArgument(`openLineage: ${field}: expected ${expected}, got ${actual}`, context);
}
