import { unwrap } from "./failure.js";
import { withJson } from "./json.js";
import { native } from "./native.js";

/** What a rewriting of files did. The rows of the table are the same before and after. */
export interface OptimizeReport {
  /** Of the last commit; absent if there was nothing to do. */
  version?: bigint;
  filesRemoved: bigint;
  filesAdded: bigint;
  bytesRemoved: bigint;
  bytesAdded: bigint;
  /** Groups of files that another writer rewrote or deleted meanwhile; they are left alone. */
  conflicts: bigint;
  /** With every bigint as a string. */
  toJSON(): object;
}

/** Makes the small files of a table larger, partition by partition; writers may go on meanwhile. */
export async function optimizeTable(
  table: string,
  options: {
    /** Columns that files are cut by, so that each has narrow bounds in all of them. */
    zOrder?: readonly string[];
    /** A size such as `"128MiB"`; default what the table says, or 128 MiB. */
    targetFileSize?: string;
  } = {},
): Promise<OptimizeReport> {
  const { zOrder = [], targetFileSize } = options;
  const optimized = await native().optimizeTable(table, [...zOrder], targetFileSize);
  return withJson(unwrap(optimized, "optimized"));
}

/**
 * Deletes the files that no version of the table younger than `retention` refers to: those of
 * dropped batches, and those that were rewritten or deleted. Answers their paths.
 */
export async function vacuumTable(
  table: string,
  options: {
    /** A duration such as `"30 days"`, 7 days at least; default what the table says, or 7 days. */
    retention?: string;
    /** Nothing is deleted. */
    dryRun?: boolean;
  } = {},
): Promise<readonly string[]> {
  const { retention, dryRun = false } = options;
  return unwrap(await native().vacuumTable(table, retention, dryRun), "files");
}

export interface CheckpointReport {
  version: bigint;
  /** Log files that readers need no more. */
  deleted: bigint;
  /** With every bigint as a string. */
  toJSON(): object;
}

/** Writes a log checkpoint, and deletes what it makes dispensable. Queries do so themselves. */
export async function checkpointTable(table: string): Promise<CheckpointReport> {
  return withJson(unwrap(await native().checkpointTable(table), "checkpointed"));
}
