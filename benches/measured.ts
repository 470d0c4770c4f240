import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { run } from "../test/support/command.ts";
import { root } from "../test/support/root.ts";

export interface Measured {
  seconds: number;
  counts: Record<"records" | "accepted" | "rejected" | "deadLetters" | "skipped", number>;
  /** Of each batch with records. */
  commitMs: number[];
  cpuSeconds: number;
  peakRssMb: number;
}

/** A process of its own that runs queries and nothing else. */
export class MeasuredQueries {
  readonly #child: ChildProcess;
  readonly #result: Promise<Measured>;

  constructor(queries: readonly object[]) {
    const script = join(root, "benches", "queries.cjs");
    this.#child = spawn(process.execPath, [script], {
      env: { ...process.env, QUERIES: JSON.stringify(queries) },
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    let stdout = "";
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    this.#result = once(this.#child, "close").then(([status]) => {
      if (status !== 0) throw new Error(`the measured process ended with ${status}`);
      return JSON.parse(stdout);
    });
    this.#result.catch(() => {}); // Told to whoever asks for the result.
  }

  /** Resolves once so many records are committed; with 0, once all queries have started. */
  async committed(records: number): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#child.on("message", (told: { records: number }) => {
        if (told.records >= records) resolve();
      });
    });
    await Promise.race([reached, this.#result]);
  }

  /** Asks for a drained stop. */
  stop(): void {
    this.#child.kill("SIGTERM");
  }

  result(): Promise<Measured> {
    return this.#result;
  }
}

/** What one contender left for the kernel to write must not slow the next one. */
export async function settleDisks(): Promise<void> {
  await run("sync", []);
}

/** The value below which a share of the values lie; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
