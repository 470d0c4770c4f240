import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "./root.ts";

export interface Ended {
  /** Exit status, or null when a signal ended the process. */
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The command as it is published: what `bin` of the package names. */
export function command(): string {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return resolve(root, typeof bin === "string" ? bin : bin.headgate);
}

/** Runs a Node script to its end, whatever its exit status. */
export function node(args: readonly string[], env: Record<string, string> = {}): Running {
  return new Running(
    spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
}

/** Runs `headgate …` to its end. */
export function headgate(...args: string[]): Promise<Ended> {
  return node([command(), ...args]).ended;
}

/** A process that is still running, and what it has said. */
export class Running {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(child, "close").then(([status, signal]) => ({
      status,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves once `text` was printed; rejects when the process ends without it. */
  async says(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      if (!this.isRunning) throw new Error(`ended without saying "${text}":\n${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}
