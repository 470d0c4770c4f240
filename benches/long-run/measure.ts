import { rm } from "node:fs/promises";
import { join } from "node:path";
import { percentile } from "../measured.ts";
import { FILES_A_COMMIT } from "./load.ts";
import { AROUND_MARK, type MarkedMemory, MemoryMark } from "./memory-mark.ts";
import { longRunQuery, shortRunQuery } from "./query.ts";
import { type Commit, Worker } from "./worker.ts";

export interface Place {
  bootstrapServers: string;
  topic: string;
  folder: string;
}

/** Each is 25 to 100 files old when its commits are measured; so many that percentiles tell. */
const YOUNG_TABLES = 25;
const YOUNG_FROM = 6;
const YOUNG_TO = 20;
/** The newest commits of the long run, over which its percentiles are taken. */
const WINDOW = 500;
const RECOVERIES = 3;
const SHOWN = 8;

/** A commit by its number in its table, counted from 1. */
export interface Timed {
  commit: number;
  ms: number;
}

export interface Latency {
  /** How many the table held at the first and at the last of these commits. */
  files: [number, number];
  samples: number;
  p50Ms: number;
  p99Ms: number;
  slowest: Timed[];
}

type Phases = Commit["durationMs"];

export interface LongRun {
  latency: Latency;
  /** At a tenth of the commits, and at all of them. */
  memory: MarkedMemory[];
  /** Median milliseconds of each phase in the first and in the last window. */
  phases: Record<"first" | "last", Phases>;
  commitsPerSecond: number;
}

export interface Recovery {
  /** From the spawn of node to the first commit. */
  seconds: number;
  /** The part until the group had assigned the partition. */
  assignedSeconds: number;
}

/**
 * Commits to tables that are young, by one process that warms up on the first of them. Answers what
 * each took.
 */
export async function youngTables({ bootstrapServers, topic, folder }: Place): Promise<Timed[]> {
  const table = (at: number) => join(folder, `young-${at}`);
  const runs = Array.from({ length: YOUNG_TABLES + 1 }, (_, at) =>
    shortRunQuery(bootstrapServers, topic, table(at), YOUNG_TO),
  );
  const timed: Timed[] = [];
  const worker = new Worker(runs, ({ run, commit, durationMs }) => {
    if (run > 0 && commit >= YOUNG_FROM) timed.push({ commit, ms: durationMs.commit });
  });
  await worker.ended();
  for (const at of runs.keys()) await rm(table(at), { recursive: true });
  return timed;
}

/** So many commits to one table without a rest, and some more; then the process is killed. */
export async function longRun(
  place: Place,
  path: string,
  commits: number,
  isPartitioned: boolean,
): Promise<LongRun> {
  const config = longRunQuery(place.bootstrapServers, place.topic, path, isPartitioned);
  const marks = [commits / 10, commits].map((commit) => new MemoryMark(Math.round(commit)));
  const all: Phases[] = [];
  const worker = new Worker([config], ({ commit, durationMs }) => {
    all.push(durationMs);
    for (const mark of marks) mark.pass(commit, worker);
  });
  await worker.reached(commits + AROUND_MARK);
  const commitsPerSecond = all.length / (worker.ageMs / 1_000);
  const memory = await Promise.all(marks.map((mark) => mark.median()));
  await worker.kill();
  const length = Math.min(WINDOW, Math.floor(commits / 4));
  const first = commits - length;
  const last = all.slice(first, commits);
  return {
    latency: latency(last.map(({ commit: ms }, at) => ({ commit: first + at + 1, ms }))),
    memory,
    phases: { first: medians(all.slice(0, length)), last: medians(last) },
    commitsPerSecond,
  };
}

/** New processes on that table, one after the other, each killed after its first commit. */
export async function recoveries(place: Place, path: string): Promise<Recovery[]> {
  const config = longRunQuery(place.bootstrapServers, place.topic, path);
  const found: Recovery[] = [];
  while (found.length < RECOVERIES) {
    const worker = new Worker([config]);
    await worker.reached(1);
    const { ageMs, assignedAfterMs } = worker;
    await worker.kill();
    found.push({ seconds: ageMs / 1_000, assignedSeconds: assignedAfterMs / 1_000 });
  }
  return found;
}

export function latency(timed: readonly Timed[]): Latency {
  const numbers = timed.map(({ commit }) => commit);
  const times = timed.map(({ ms }) => ms);
  const held = (commit: number) => (commit - 1) * FILES_A_COMMIT;
  return {
    files: [held(Math.min(...numbers)), held(Math.max(...numbers))],
    samples: timed.length,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    slowest: [...timed].sort((a, b) => b.ms - a.ms).slice(0, SHOWN),
  };
}

function medians(batches: readonly Phases[]): Phases {
  const names = Object.keys(batches[0] ?? {}) as (keyof Phases)[];
  const median = (name: keyof Phases) =>
    percentile(
      batches.map((batch) => batch[name]),
      0.5,
    );
  return Object.fromEntries(names.map((name) => [name, median(name)])) as Phases;
}
