import { toBatch } from "./batch.js";
import { type ContractChange, changeContract } from "./contract-store/change.js";
import type { ContractUpdate, NodeContracts } from "./contract-store/node-contracts.js";
import { within } from "./deadline.js";
import { type ErrorContext, type StreamingError, StreamingQueryError } from "./errors.js";
import { type Locate, toError } from "./failure.js";
import { interventionTerms, type QueryHooks } from "./hooks.js";
import { answerVerdicts } from "./intervention.js";
import { jsonSafe } from "./json.js";
import { detachLogger, type SafeLogger } from "./logger.js";
import type { NativeQuery } from "./native.js";
import { feedProgress, type ObserverTally, tellBatches, tellObserver } from "./observers.js";
import { ProgressFeed, type StreamingQueryProgress } from "./progress.js";
import { answerRuleCalls } from "./rules.js";
import type { RunOutcome, StreamingRun } from "./run.js";
import { answerTransformCalls } from "./transforms.js";
import { LiveValidation, schemaOf } from "./validation-result.js";

export type StreamingQueryStatus = "INITIALIZED" | "ACTIVE" | "TERMINATED" | "FAILED";

const STOP_TIMEOUT_MS = 30_000;
/** How long the end of a query waits for observers to be told the last batches, and of the end. */
const OBSERVER_GRACE_MS = 30_000;
/** Over the deadline that the engine keeps itself, before it is taken as stuck. */
const STOP_MARGIN_MS = 250;

/** A running query. Made by `startQuery`. */
export class StreamingQuery {
  /** Stable across restarts. */
  readonly id: string;
  /** Of this start. */
  readonly runId: string;
  readonly name: string;
  readonly #native: NativeQuery;
  readonly #logger: SafeLogger;
  readonly #locate: Locate | undefined;
  readonly #contracts: NodeContracts;
  /** Settles when the engine has stopped, with the failure if that is why. */
  readonly #stopped: Promise<StreamingError | undefined>;
  readonly #progress = new ProgressFeed();
  readonly #tally: ObserverTally = { told: 0, failures: 0 };
  readonly #observersMayWork = new AbortController();
  readonly #told: Promise<unknown>;
  readonly #hasObservers: boolean;
  readonly #ended: Promise<void>;
  #end: (failure: StreamingError | undefined) => void = () => {};
  #isStopping = false;
  #hasEnded = false;
  #failure: StreamingError | undefined;
  /** Who will be told of a failure. Without any it is logged. */
  #numWaiting = 0;

  /** @internal */
  constructor(
    native: NativeQuery,
    run: StreamingRun,
    hooks: QueryHooks,
    logger: SafeLogger,
    { contracts, locate }: { contracts: NodeContracts; locate?: Locate },
    validation = new LiveValidation(native.dataset, { query: native.name }),
  ) {
    this.id = native.id;
    this.runId = native.runId;
    this.name = native.name;
    this.#native = native;
    this.#logger = logger;
    this.#locate = locate;
    this.#contracts = contracts;
    const ended = native.ended();
    this.#stopped = ended.then((failure) => (failure ? toError(failure, locate) : undefined));
    this.#stopped.catch(() => {}); // `#watch` tells it.
    validation.recall(native.history.map(toBatch));
    validation.streamingQueries.push(this);
    validation.schema = schemaOf(native.dataset.columns);
    const terms = interventionTerms(hooks);
    const { signal } = this.#observersMayWork;
    const { observers = [] } = hooks;
    this.#hasObservers = observers.length > 0;
    const outcome = this.#stopped.then((failure) => this.#outcome(failure));
    outcome.catch(() => {});
    const telling = { run, outcome, tally: this.#tally, logger, signal };
    this.#told = Promise.all([
      tellBatches(native, hooks, validation, this.#tally, logger, signal),
      feedProgress(native, this.#progress),
      terms && answerVerdicts(native, terms, validation, logger),
      hooks.rules && answerRuleCalls(native, hooks, logger),
      hooks.transforms && answerTransformCalls(native, hooks, logger),
      ...observers.map((each) => tellObserver(native, each, telling)),
    ]);
    this.#told.catch(() => {}); // `#watch` tells it, once the engine has stopped.
    this.#ended = new Promise((resolve) => {
      this.#end = (failure) => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        this.#failure = failure;
        this.#observersMayWork.abort();
        detachLogger(logger);
        // Whoever awaits the start gets a turn to await the end, too.
        setImmediate(() => this.#logUnheardFailure());
        resolve();
      };
    });
    this.#watch().catch((cause) =>
      this.#end(this.#broken("INTERNAL_ERROR", "the query broke", { cause })),
    );
    const onAbort = () => void this.shutdown();
    hooks.signal?.addEventListener("abort", onAbort, { once: true });
    void this.#ended.then(() => hooks.signal?.removeEventListener("abort", onAbort));
  }

  /** `FAILED` and `TERMINATED` once all has stopped and observers were told. */
  get status(): StreamingQueryStatus {
    if (!this.#hasEnded) return "ACTIVE";
    return this.#failure ? "FAILED" : "TERMINATED";
  }

  get isActive(): boolean {
    return !this.#hasEnded;
  }

  get exception(): StreamingError | undefined {
    return this.#failure;
  }

  get lastProgress(): StreamingQueryProgress | undefined {
    return this.#progress.recent.at(-1);
  }

  /** Newest last, at most 100. */
  get recentProgress(): readonly StreamingQueryProgress[] {
    return [...this.#progress.recent];
  }

  /**
   * From now until the query ends or `signal` aborts. An iteration that falls behind by more than
   * 100 loses the oldest. A failure ends it quietly: `awaitTermination` tells it.
   */
  progress(options: { signal?: AbortSignal } = {}): AsyncIterable<StreamingQueryProgress> {
    return this.#progress.iterate(options.signal);
  }

  /** Rejects with the cause of a failure; resolves false when `timeoutMs` passed first. */
  async awaitTermination(options: { timeoutMs?: number } = {}): Promise<boolean> {
    this.#numWaiting += 1;
    if (options.timeoutMs === undefined) await this.#ended;
    else await this.#endsWithin(options.timeoutMs);
    if (!this.#hasEnded) this.#numWaiting -= 1;
    if (this.#failure) throw this.#failure;
    return this.#hasEnded;
  }

  /**
   * Commits the open batch (`drain`, the default) or drops it, and ends the query; what was fetched
   * beyond it is read again by the next start. Settles within
   * `timeoutMs` (30,000), in whatever state the query is; calling it again joins the first call.
   * Rejects when stopping failed, not when the query had failed before.
   */
  async stop(options: { drain?: boolean; timeoutMs?: number } = {}): Promise<void> {
    if (this.#hasEnded) return;
    this.#numWaiting += 1;
    await this.#stop(options.drain ?? true, options.timeoutMs ?? STOP_TIMEOUT_MS);
  }

  /**
   * Moves the query to another version of its contract, between two batches: what was read before is
   * judged and committed under the old one, all that follows under the new one, and each commit names
   * the one that judged it. Without `update` the configuration is read again, and a selector such as
   * `>=1` resolved anew; `{ version }` selects another version in the same store. Resolves once the
   * first batch under it can begin, at once where nothing changes. What speaks against it (an invalid
   * contract, another type of a column) rejects and changes nothing. One change at a time.
   */
  updateContract(update?: ContractUpdate): Promise<ContractChange> {
    return changeContract(this.#native, this.#contracts, update, this.#locate);
  }

  /** @internal Settles with the query and hears no failure. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** @internal Stops. A failure is left to whoever awaits the end, or to the log. */
  async shutdown(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    if (!this.#hasEnded) await this.#stop(true, timeoutMs).catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  toJSON(): object {
    const { id, runId, name, status, exception, lastProgress } = this;
    const { told: batchesTold, failures: observerFailures } = this.#tally;
    const loggerFailures = this.#logger.failures;
    const tally = { batchesTold, observerFailures, loggerFailures };
    return jsonSafe({ id, runId, name, status, exception, lastProgress, ...tally }) as object;
  }

  async #watch(): Promise<void> {
    const failure = await this.#stopped;
    const told = await within(
      this.#told.then(() => true),
      OBSERVER_GRACE_MS,
      false,
    );
    if (!told) this.#logger.log("warn", { query: this.name }, "an observer did not finish in time");
    if (this.#hasObservers) await this.#settleObservers();
    this.#end(failure);
  }

  #outcome(failure: StreamingError | undefined): RunOutcome {
    const endedAt = new Date().toISOString();
    if (failure) return { status: "failed", error: failure, endedAt };
    return { status: this.#isStopping ? "stopped" : "finished", endedAt };
  }

  /** What is not said now is told again by the next start. */
  async #settleObservers(): Promise<void> {
    const failure = await within(this.#native.settleObservers(), OBSERVER_GRACE_MS, null);
    if (failure === null) return;
    const said = { query: this.name, error: toError(failure) };
    this.#logger.log("warn", said, "how far observers are was not written");
  }

  async #stop(drain: boolean, timeoutMs: number): Promise<void> {
    this.#isStopping = true;
    const deadline = Date.now() + timeoutMs;
    const stopping = this.#native.stop(drain, timeoutMs);
    const failure = await within(stopping, timeoutMs + STOP_MARGIN_MS, "late" as const);
    if (failure !== "late") await this.#endsWithin(deadline - Date.now());
    // Not ended by now: the engine is stuck, or it failed to stop, or only an observer is late.
    if (failure === "late") {
      this.#end(this.#broken("STOP_DEADLINE", `not stopped within ${timeoutMs} ms`));
    } else this.#end(failure ? toError(failure, this.#locate) : undefined);
    if (this.#failure) throw this.#failure;
  }

  #endsWithin(timeoutMs: number): Promise<boolean> {
    return within(
      this.#ended.then(() => true),
      timeoutMs,
      false,
    );
  }

  #broken(code: "INTERNAL_ERROR" | "STOP_DEADLINE", message: string, options?: { cause: unknown }) {
    const context: ErrorContext = { operation: "run", component: "query", nodeName: this.name };
    return new StreamingQueryError(code, message, { context, ...options });
  }

  #logUnheardFailure(): void {
    if (this.#failure === undefined || this.#numWaiting > 0) return;
    this.#logger.log("error", { query: this.name, error: this.#failure }, "the query failed");
  }
}
