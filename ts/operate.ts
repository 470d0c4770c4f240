import { unwrap } from "./failure.js";
import { withJson } from "./json.js";
import { native } from "./native.js";

/** What an operator's commit did to a query of an output table. */
export interface QueryOperation {
  query: string;
  /** Of the output table. */
  version: bigint;
  /** The version whose block was released; absent if nothing blocked the query. */
  released?: bigint;
  /** Where the query goes on, or begins anew. */
  positions: readonly { topic: string; partition: number; offset: bigint }[];
  /** With every bigint as a string. */
  toJSON(): object;
}

/** The query may be left out where the table has only one. */
export interface OperationOptions {
  query?: string;
}

/**
 * Lets a query go on that an intervention blocked; the strategy is asked again about the records
 * that it refused. Does nothing to a query that is not blocked.
 */
export async function releaseQuery(
  table: string,
  options: OperationOptions & { reason?: string } = {},
): Promise<QueryOperation> {
  const { query, reason } = options;
  return withJson(unwrap(await native().releaseQuery(table, query, reason), "operation"));
}

/**
 * Hands the positions of a query to a name that is new to the table. The old name is retired: its
 * workers end, and it cannot be started again.
 */
export async function adoptQuery(
  table: string,
  name: string,
  options: OperationOptions = {},
): Promise<QueryOperation> {
  return withJson(unwrap(await native().adoptQuery(table, options.query, name), "operation"));
}

/** Where a query is to read again: where it stood at a version of its output, or at offsets. */
export type RewindTarget =
  | { toVersion: bigint | number }
  | { toOffsets: Readonly<Record<string, Readonly<Record<string, bigint | number>>>> };

/**
 * Makes a query read again, under a new incarnation that ends its running workers. Rows that the
 * output holds of records after the target stay there, and will be there twice unless deleted.
 */
export async function rewindQuery(
  table: string,
  target: RewindTarget,
  options: OperationOptions = {},
): Promise<QueryOperation> {
  const version = "toVersion" in target ? BigInt(target.toVersion) : undefined;
  const offsets = "toOffsets" in target ? flatten(target.toOffsets) : undefined;
  const operated = await native().rewindQuery(table, options.query, version, offsets);
  return withJson(unwrap(operated, "operation"));
}

function flatten(offsets: Extract<RewindTarget, { toOffsets: unknown }>["toOffsets"]) {
  return Object.entries(offsets).flatMap(([topic, partitions]) =>
    Object.entries(partitions).map(([partition, offset]) => ({
      topic,
      partition: Number(partition),
      offset: BigInt(offset),
    })),
  );
}
