import {
  adoptQuery,
  type QueryOperation,
  type RewindTarget,
  releaseQuery,
  rewindQuery,
} from "../operate.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";

export type OperateOptions = OutputOptions & { query?: string };

export async function release(
  table: string,
  options: OperateOptions & { reason?: string },
): Promise<number> {
  return told(options, await releaseQuery(table, options), ({ query, version, released }) =>
    released === undefined
      ? `nothing blocks ${query}`
      : `${query} is released from its block at version ${released}, by version ${version}`,
  );
}

export async function adopt(table: string, name: string, options: OperateOptions): Promise<number> {
  return told(
    options,
    await adoptQuery(table, name, options),
    ({ query, version, positions }) =>
      `${query} goes on from ${positions.length} positions, by version ${version}; the old name is retired`,
  );
}

export async function rewind(
  table: string,
  options: OperateOptions & { to: RewindTarget },
): Promise<number> {
  return told(options, await rewindQuery(table, options.to, options), (operation) => {
    const { query, version, positions } = operation;
    const places = positions.map(
      ({ topic, partition, offset }) => `  ${topic}-${partition} from offset ${offset}`,
    );
    return [`${query} reads again, by version ${version}:`, ...places].join("\n");
  });
}

function told(
  options: OutputOptions,
  operation: QueryOperation,
  text: (operation: QueryOperation) => string,
): number {
  const output = new Output(options);
  if (output.isJson) output.event("operation", operation);
  else output.line(text(operation));
  return EXIT.ok;
}
