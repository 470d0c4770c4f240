import { join } from "node:path";
import { command } from "../support/cli.ts";
import { type LogLine, Worker } from "./worker.ts";

/** Longer than a drained stop may take by itself. */
const STOP_WITHIN_MS = 45_000;

/** The processes of one query: those that live, and what became of the others. */
export class Crew {
  readonly alive: Worker[] = [];
  /** When the group last gained, lost or missed somebody, or was disturbed otherwise. */
  changedAt = Date.now();
  kills = 0;
  freezes = 0;
  readonly #all: Worker[] = [];
  readonly #folder: string;
  readonly #config: string;
  readonly #isExcused: (told: LogLine) => boolean;

  /** `isExcused` says which errors a healthy worker may log. */
  constructor(folder: string, config: string, isExcused: (told: LogLine) => boolean) {
    this.#folder = folder;
    this.#config = config;
    this.#isExcused = isExcused;
  }

  get fences(): number {
    return this.#all.reduce((sum, { fences }) => sum + fences, 0);
  }

  add(build = command()): Worker {
    const name = `worker-${this.#all.length + 1}`;
    const log = join(this.#folder, name);
    const worker = new Worker(name, build, this.#config, log, this.#isExcused);
    this.#all.push(worker);
    this.alive.push(worker);
    this.disturb();
    void worker.ended.then((end) => {
      if (!worker.isDismissed) worker.complaints.push(`exited by itself: ${end}`);
    });
    return worker;
  }

  async kill(worker: Worker): Promise<void> {
    this.#dismiss(worker);
    worker.signal("SIGKILL");
    await worker.ended;
    this.kills += 1;
    this.disturb();
  }

  freeze(worker: Worker): void {
    worker.signal("SIGSTOP");
    worker.isFrozen = true;
    this.freezes += 1;
    this.disturb();
  }

  thaw(worker: Worker): void {
    worker.signal("SIGCONT");
    worker.isFrozen = false;
    this.disturb();
  }

  /** A drained stop. */
  async stop(worker: Worker): Promise<void> {
    this.#dismiss(worker);
    worker.signal("SIGTERM");
    this.disturb();
    const late = new Promise<string>((resolve) => {
      setTimeout(resolve, STOP_WITHIN_MS, `no end within ${STOP_WITHIN_MS} ms`).unref();
    });
    const end = await Promise.race([worker.ended, late]);
    if (end !== 0) worker.complaints.push(`stopped with ${end} instead of 0`);
    this.disturb();
  }

  /** Throws when anybody ended by itself or told of an error. */
  check(): void {
    const complaints = this.#all.flatMap(({ name, complaints }) =>
      complaints.map((complaint) => `${name}: ${complaint}`),
    );
    if (complaints.length > 0) throw new Error(complaints.slice(0, 5).join("\n"));
  }

  /** For what is outside the group too: a broker that was away. */
  disturb(): void {
    this.changedAt = Date.now();
  }

  /** Leaves no process behind, whatever happened. */
  async end(): Promise<void> {
    for (const worker of this.#all) {
      worker.isDismissed = true;
      worker.signal("SIGKILL");
      await worker.ended;
    }
  }

  #dismiss(worker: Worker): void {
    worker.isDismissed = true;
    this.alive.splice(this.alive.indexOf(worker), 1);
  }
}
