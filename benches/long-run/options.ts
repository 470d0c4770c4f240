import { parseArgs } from "node:util";

export interface LongRunOptions {
  /** Of the long run; memory is compared with that at a tenth of it. */
  commits: number;
}

const LEAST_COMMITS = 200;

export function longRunOptions(args: readonly string[]): LongRunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { commits: { type: "string", default: "10000" } },
  });
  const commits = Number(values.commits);
  if (!Number.isInteger(commits) || commits < LEAST_COMMITS) {
    throw new Error(`--commits takes a count from ${LEAST_COMMITS}`);
  }
  return { commits };
}
