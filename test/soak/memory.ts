import { readdir, readFile } from "node:fs/promises";
import type { Crew } from "../chaos/crew.ts";

/** A sample each so often, so that hours of them are few. */
const EVERY_MS = 5_000;
const KIB_A_MIB = 1_024;

/** Resident memory of the workers, and of the first one from its start on. */
export class WorkerMemory {
  /** Of the workers that live. */
  newest: Record<string, number> = {};
  readonly #first: number[] = [];
  readonly #crew: Crew;
  readonly #config: string;
  readonly #timer: NodeJS.Timeout;

  constructor(crew: Crew, config: string) {
    this.#crew = crew;
    this.#config = config;
    this.#timer = setInterval(() => void this.sample(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async sample(): Promise<void> {
    const names = this.#crew.alive.map(({ name }) => name);
    const found = await rssMib(this.#config);
    // Somebody came or went between both looks.
    if (found.length !== names.length) return;
    this.newest = Object.fromEntries(names.map((name, at) => [name, found[at] ?? 0]));
    if (found[0] !== undefined) this.#first.push(found[0]);
  }

  /** Of the first worker: the median of the last third of its life against that of the second. */
  get growth(): number {
    const third = Math.floor(this.#first.length / 3);
    const late = median(this.#first.slice(-third));
    const early = median(this.#first.slice(third, 2 * third));
    return Math.round((late / early - 1) * 1_000) / 1_000;
  }
}

/** Of the processes that run a configuration, in the order of their start. */
async function rssMib(config: string): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const found: number[] = [];
  for (const pid of pids.sort((a, b) => a - b)) {
    const args = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!args.split("\0").includes(config)) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(status) ?? [];
    if (kib !== undefined) found.push(Math.round(Number(kib) / KIB_A_MIB));
  }
  return found;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
