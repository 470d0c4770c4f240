import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StreamingNodeConfig } from "headgate";
import { root } from "../../test/support/root.ts";

export interface Commit {
  run: number;
  /** Counted from 1 in each run. */
  commit: number;
  durationMs: Record<"poll" | "decode" | "check" | "write" | "decide" | "commit", number>;
}

/** V8 grows its heap by how much passes through it, not by how much is held: it gets a small one. */
const SMALL_HEAP = ["--max-semi-space-size=1", "--max-old-space-size=24"];

/** A process that runs queries one after the other and tells of every commit. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #began = performance.now();
  readonly #ended: Promise<unknown>;
  #isKilled = false;
  /** From the start of the process until Kafka gave it its partition. */
  assignedAfterMs = Number.NaN;

  constructor(runs: readonly StreamingNodeConfig[], onCommit: (commit: Commit) => void = () => {}) {
    const script = join(root, "benches", "long-run", "worker.cjs");
    this.#child = spawn(process.execPath, [...SMALL_HEAP, script], {
      env: { ...process.env, RUNS: JSON.stringify(runs) },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#ended = once(this.#child, "close");
    this.#child.on("message", (told: { event: string } & Commit) => {
      if (told.event === "commit") onCommit(told);
      else this.assignedAfterMs = this.ageMs;
    });
  }

  /** Since the process was spawned. */
  get ageMs(): number {
    return performance.now() - this.#began;
  }

  /** Resolves with that commit of its run; rejects when the process ends before. */
  async reached(commit: number): Promise<void> {
    const told = new Promise<void>((resolve) => {
      this.#child.on("message", (message: Commit) => {
        if (message.commit === commit) resolve();
      });
    });
    const early = this.ended().then(() => {
      throw new Error(`the measured process ended before commit ${commit}`);
    });
    await Promise.race([told, early]);
  }

  /** Rejects when the process ends by itself with another status than 0. */
  async ended(): Promise<void> {
    await this.#ended;
    if (this.#isKilled) return;
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== 0)
      throw new Error(`the measured process ended with ${exitCode ?? signalCode}`);
  }

  /** As a crash. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** In KiB, by what the kernel accounts it to: anonymous memory, files, the sum. */
  async memory(): Promise<Memory> {
    const text = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
    return { rssKib: kib("VmRSS"), anonymousKib: kib("RssAnon"), fileKib: kib("RssFile") };
  }
}

export type Memory = Record<"rssKib" | "anonymousKib" | "fileKib", number>;
