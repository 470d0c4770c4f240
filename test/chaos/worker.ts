import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { root } from "../support/root.ts";

/** A trigger's interval, and a part of it in which records are sure to have come. */
export const TRIGGER_MS = 500;
const OPEN_FROM_MS = 150;
const OPEN_TO_MS = 400;

/** One process of `headgate run`. What it prints is kept in `<log>.out` and `<log>.err`. */
export class Worker {
  readonly name: string;
  /** Of its newest batch. */
  partitions: readonly number[] = [];
  version = -1;
  /** Batches that the table refused. */
  fences = 0;
  isFrozen = false;
  /** From when on its end is somebody's wish. */
  isDismissed = false;
  /** What a healthy worker never says. */
  readonly complaints: string[] = [];
  /** How it ended: an exit status, or a signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  #batchAt = 0;
  readonly #child: ChildProcess;
  readonly #isExcused: (told: LogLine) => boolean;

  constructor(
    name: string,
    build: string,
    config: string,
    log: string,
    isExcused: (told: LogLine) => boolean,
  ) {
    this.name = name;
    this.#isExcused = isExcused;
    this.#child = spawn(process.execPath, [build, "run", config, "--json", "--log-level", "info"], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("a worker without its outputs");
    stdout.pipe(createWriteStream(`${log}.out`));
    stderr.pipe(createWriteStream(`${log}.err`));
    createInterface(stdout).on("line", (line) => this.#hear(line));
    createInterface(stderr).on("line", (line) => this.#hear(line));
    const kill = () => this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended = once(this.#child, "close").then(([status, signal]) => {
      process.off("exit", kill);
      return signal ?? status;
    });
  }

  /** While records flow: it committed a moment ago, has read on since, and is not due to commit. */
  get hasOpenBatch(): boolean {
    const age = Date.now() - this.#batchAt;
    return age >= OPEN_FROM_MS && age < OPEN_TO_MS;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  #hear(line: string): void {
    const told = parsed(line);
    if (told?.event === "batch") {
      this.#batchAt = Date.now();
      this.version = told.batchId;
      this.partitions = told.positions.map(({ partition }) => partition);
    } else if (told?.event !== "log" || (told.level === "error" && !this.#isExcused(told))) {
      this.complaints.push(line);
    } else if (told.message.startsWith("fenced")) {
      this.fences += 1;
    }
  }
}

export interface LogLine {
  event: "log";
  level: string;
  message: string;
  /** Of librdkafka. */
  facility?: string;
}

type Told =
  | { event: "batch"; batchId: number; positions: { partition: number }[] }
  | LogLine
  | { event: "error" };

function parsed(line: string): Told | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
