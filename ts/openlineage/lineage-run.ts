import type { StreamingBatch } from "../batch.js";
import type { RunOutcome, StreamingRun } from "../run.js";
import type { BatchStatus } from "../verdict.js";
import type { Known } from "./datasets.js";
import type { LineageEventType } from "./event.js";
import { errorFacet, type Moment, microBatchFacet, RunEvents } from "./events.js";
import { facet } from "./facets.js";
import type { ResolvedOptions } from "./options.js";
import { add, after, NOTHING, type Window } from "./window.js";

const TERMINAL = { finished: "COMPLETE", stopped: "ABORT", failed: "FAIL" } as const;

/** What was told of a run, and what is to be told next. It changes only once an event was taken. */
export class LineageRun {
  readonly #run: StreamingRun;
  readonly #options: ResolvedOptions;
  readonly #events: RunEvents;
  #hasStarted = false;
  #known: Known;
  /** Batches since the last event. */
  #window: Window = NOTHING;
  #total: Window = NOTHING;
  /** Of the last event with rows: how rules fared. */
  #judged: Window = NOTHING;
  #status: BatchStatus | undefined;
  #time: string;
  /** By the clock of this process. */
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(run: StreamingRun, options: ResolvedOptions) {
    this.#run = run;
    this.#options = options;
    this.#events = new RunEvents(run, options);
    this.#known = { topics: run.input.topics };
    this.#time = run.startedAt;
  }

  async tell(batch: StreamingBatch, signal: AbortSignal): Promise<"held" | undefined> {
    const window = add(this.#window, batch, this.#run);
    const known = knownAfter(this.#known, batch);
    const isHeld = this.#mayWait(batch);
    if (!isHeld) {
      // A batch of an earlier run that is told late does not go before this one's start.
      const time = later(this.#run.startedAt, batch.timestamp);
      await this.#emit("RUNNING", { time, known, window, facets: microBatchFacet(window) }, signal);
    }
    if (isHeld) this.#window = window;
    // What an earlier run judged by may not be what this one does.
    else this.#window = isBefore(batch.timestamp, this.#run.startedAt) ? NOTHING : after(window);
    this.#known = known;
    this.#total = add(this.#total, batch, this.#run);
    if (batch.status !== "idle") this.#status = batch.status;
    return isHeld ? "held" : undefined;
  }

  /** Says what nobody can tell any more, and what was held before it. */
  async gap(versions: { from: number; to: number }, signal: AbortSignal): Promise<void> {
    const facets = { ...microBatchFacet(this.#window), ...facet("headgate_gap", versions) };
    const moment = { time: this.#time, known: this.#known, window: this.#window, facets };
    await this.#emit("RUNNING", moment, signal);
    this.#window = after(this.#window);
  }

  /** The statistics are those of the whole run; `headgate_microBatch` has what no event had yet. */
  async end(outcome: RunOutcome, signal: AbortSignal): Promise<void> {
    const { rules } = this.#window.rowCount > 0 ? this.#window : this.#judged;
    const facets = { ...microBatchFacet(this.#window), ...errorFacet(outcome) };
    const time = later(this.#time, outcome.endedAt);
    const moment = { time, known: this.#known, window: { ...this.#total, rules }, facets };
    await this.#emit(TERMINAL[outcome.status], moment, signal);
  }

  async #emit(type: LineageEventType, moment: Moment, signal: AbortSignal): Promise<void> {
    if (!this.#hasStarted) await this.#start(moment, signal);
    await this.#options.transport.emit(this.#events.event(type, moment), { signal });
    this.#time = later(this.#time, moment.time);
    if (moment.window && moment.window.rowCount > 0) this.#judged = moment.window;
    this.#toldAt = performance.now();
  }

  /** Its event waits for the first that follows, since topics of a pattern are not known before. */
  async #start({ known: { topics } }: Moment, signal: AbortSignal): Promise<void> {
    const event = this.#events.event("START", { time: this.#run.startedAt, known: { topics } });
    await this.#options.transport.emit(event, { signal });
    this.#hasStarted = true;
  }

  #mayWait({ status }: StreamingBatch): boolean {
    const isNews = status !== "idle" && (status !== "ok" || this.#status !== "ok");
    return !isNews && performance.now() - this.#toldAt < this.#options.throttleMs;
  }
}

function knownAfter(known: Known, { positions, datasetVersion, rejects }: StreamingBatch): Known {
  return {
    topics: [...new Set([...known.topics, ...positions.map(({ topic }) => topic)])],
    outputVersion: datasetVersion ?? known.outputVersion,
    rejectsVersion: rejects?.datasetVersion ?? known.rejectsVersion,
  };
}

function later(a: string, b: string): string {
  return isBefore(b, a) ? a : b;
}

function isBefore(a: string, b: string): boolean {
  return Date.parse(a) < Date.parse(b);
}
