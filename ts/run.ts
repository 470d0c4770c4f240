import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { StreamingError } from "./errors.js";
import type { NativeColumn, NativeQuery } from "./native.js";

/** One start of a query, as its observers know it: of the configuration, only what is named here. */
export interface StreamingRun {
  /** Of the query: stable across restarts. */
  queryId: string;
  /** Of this start: a UUID of version 7. */
  runId: string;
  queryName: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  input: {
    /** `kafka`, `rate` or `memory`. */
    format: string;
    /** `host:port`, comma separated, as written; empty without brokers. */
    bootstrapServers: string;
    /** Those that the configuration names: none under a pattern. */
    topics: readonly string[];
  };
  output: ObservedTable;
  rejects?: ObservedTable;
  deadLetters?: ObservedTable;
  /** By name. */
  sinks: Readonly<Record<string, ObservedTable>>;
  /** Of the output, as it was at the start. */
  columns: readonly Readonly<NativeColumn>[];
}

export interface ObservedTable {
  /** As written: the table name, or the path. */
  datasetId: string;
  /** Its URL, without options or credentials. */
  address: string;
}

/** `finished`: came to its end by itself. `stopped`: somebody asked for it. */
export type RunOutcome =
  | Readonly<{ status: "finished" | "stopped"; endedAt: string }>
  | Readonly<{ status: "failed"; error: StreamingError; endedAt: string }>;

/** What a run needs to know of a node in the engine's form. */
interface WireNode {
  input: { format: string; options?: Record<string, string> };
  output: WireTable;
  rejects?: WireTable | "dead_letters";
  dead_letters?: WireTable;
  sinks?: Record<string, WireTable>;
}

interface WireTable {
  path?: string;
  table_name?: string;
  warehouse?: string;
}

/** The run of a query that the engine has started, so that its configuration is known to be sound. */
export function toRun(native: NativeQuery, nodeJson: string, baseDir: string): StreamingRun {
  const { input, output, rejects, dead_letters, sinks = {} } = JSON.parse(nodeJson) as WireNode;
  const { format, options = {} } = input;
  return Object.freeze({
    queryId: native.id,
    runId: native.runId,
    queryName: native.name,
    startedAt: new Date().toISOString(),
    input: {
      format,
      bootstrapServers: options["kafka.bootstrap.servers"] ?? "",
      topics: topicsOf(options),
    },
    output: toTable(output, baseDir),
    rejects: typeof rejects === "object" ? toTable(rejects, baseDir) : undefined,
    deadLetters: dead_letters && toTable(dead_letters, baseDir),
    sinks: Object.fromEntries(
      Object.entries(sinks).map(([name, sink]) => [name, toTable(sink, baseDir)]),
    ),
    columns: native.dataset.columns,
  });
}

function topicsOf({ subscribe, assign, stream }: Record<string, string>): string[] {
  if (stream !== undefined) return [stream];
  if (assign !== undefined) return Object.keys(JSON.parse(assign) as object);
  return (subscribe ?? "").split(",").flatMap((topic) => topic.trim() || []);
}

function toTable({ path, table_name = "", warehouse }: WireTable, baseDir: string): ObservedTable {
  const written = path ?? `${warehouse}/${table_name}`;
  return { datasetId: path ?? table_name, address: addressOf(written, baseDir) };
}

function addressOf(written: string, baseDir: string): string {
  if (!written.includes("://")) return pathToFileURL(resolve(baseDir, written)).href;
  // A query of a URL can be a signature.
  return written.replace(/[?#].*$/s, "").replace(/\/+$/, "");
}
