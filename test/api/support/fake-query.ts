import type {
  NativeBatch,
  NativeContractChange,
  NativeFailure,
  NativeProgress,
  NativeQuery,
  NativeRuleCall,
  NativeTold,
  NativeTransformCall,
  NativeVerdict,
} from "../../../ts/native.ts";

/** A queue of answers to a `next…()` that ends with null. */
export class Feed<T> {
  readonly #items: (T | null)[] = [];
  #wake: () => void = () => {};

  put(item: T | null): void {
    this.#items.push(item);
    this.#wake();
  }

  async next(): Promise<T | null> {
    while (this.#items.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const item = this.#items.shift() ?? null;
    if (item === null) this.#items.push(null);
    return item;
  }
}

/** Whatever is put, for each of its readers. */
export class Log<T> {
  readonly #items: (T | null)[] = [];
  readonly #feeds = new Map<string, Feed<T>>();

  put(item: T | null): void {
    this.#items.push(item);
    for (const feed of this.#feeds.values()) feed.put(item);
  }

  next(reader: string): Promise<T | null> {
    const known = this.#feeds.get(reader);
    if (known !== undefined) return known.next();
    const feed = new Feed<T>();
    for (const item of this.#items) feed.put(item);
    this.#feeds.set(reader, feed);
    return feed.next();
  }
}

export interface Decided {
  request: number;
  action: "proceed" | "warn" | "block" | "reroute";
  reason?: string;
  to?: string;
}

/** Calls of rules' functions, and what was answered. */
export class FakeCaller {
  readonly calls = new Feed<NativeRuleCall>();
  readonly answers: { call: number; rows?: number[]; failure?: string }[] = [];
  isLate = false;

  nextRuleCall() {
    return this.calls.next();
  }

  answerRuleCall(call: number, rows?: Uint32Array | null, failure?: string | null): boolean {
    this.answers.push({ call, ...(rows && { rows: [...rows] }), ...(failure && { failure }) });
    return !this.isLate;
  }
}

/** Calls of transforms' functions, and what was answered. */
export class FakeTransforms {
  readonly calls = new Feed<NativeTransformCall>();
  readonly answers: { call: number; lines?: string[]; failure?: string }[] = [];
  isLate = false;

  nextTransformCall() {
    return this.calls.next();
  }

  answerTransformCall(call: number, lines?: string | null, failure?: string | null): boolean {
    const made = typeof lines === "string" && { lines: lines.split("\n") };
    this.answers.push({ call, ...made, ...(failure && { failure }) });
    return !this.isLate;
  }
}

/** A query whose engine is a test. */
export class FakeQuery implements NativeQuery {
  readonly id = "query-1";
  readonly runId = "01936a5e-7c00-7000-8000-000000000001";
  readonly name: string;
  /** What it had committed before this start. */
  history: NativeBatch[] = [];
  readonly batches = new Feed<NativeBatch>();
  /** What the output's log has for observers, in order. */
  readonly log = new Log<NativeTold>();
  /** How far observers said that they are. */
  readonly cursors: Record<string, number> = {};
  settled = 0;
  readonly progresses = new Feed<NativeProgress>();
  readonly verdicts = new Feed<{ request: number; verdict: NativeVerdict }>();
  readonly decided: Decided[] = [];
  rerouteTargets = ["rejects", "quarantine"];
  readonly rules = new FakeCaller();
  readonly transforms = new FakeTransforms();
  readonly stops: { drain: boolean; timeoutMs: number }[] = [];
  /** What `stop` does; by default it ends the query at once. */
  onStop: () => Promise<NativeFailure | null> = async () => {
    this.end();
    return null;
  };
  state: ReturnType<NativeQuery["status"]> = "ACTIVE";
  readonly #ended: Promise<NativeFailure | null>;
  #end: (failure: NativeFailure | null) => void = () => {};

  constructor(name: string) {
    this.name = name;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** What it was asked to move to. */
  readonly updates: Record<string, unknown>[] = [];
  change: NativeContractChange = {
    from: { id: "pings", version: "1.0.0", hash: "a".repeat(64) },
    to: { id: "pings", version: "1.1.0", hash: "b".repeat(64) },
  };

  async updateContract(json: string) {
    this.updates.push(JSON.parse(json));
    return this.change;
  }

  get dataset() {
    const columns = [{ name: "id", odcsType: "string", nullable: false }];
    return { datasetId: `lake/${this.name}`, columns };
  }

  status() {
    return this.state;
  }

  nextBatch() {
    return this.batches.next();
  }

  nextTold(observer: string) {
    return this.log.next(observer);
  }

  told(observer: string, version: number) {
    this.cursors[observer] = version;
  }

  async settleObservers() {
    this.settled += 1;
    return null;
  }

  nextProgress() {
    return this.progresses.next();
  }

  nextVerdict() {
    return this.verdicts.next();
  }

  decide(request: number, action: Decided["action"], reason?: string, to?: string): boolean {
    this.decided.push({ request, action, reason, ...(to !== undefined && { to }) });
    return true;
  }

  nextRuleCall() {
    return this.rules.nextRuleCall();
  }

  answerRuleCall(call: number, rows?: Uint32Array | null, failure?: string | null) {
    return this.rules.answerRuleCall(call, rows, failure);
  }

  nextTransformCall() {
    return this.transforms.nextTransformCall();
  }

  answerTransformCall(call: number, lines?: string | null, failure?: string | null) {
    return this.transforms.answerTransformCall(call, lines, failure);
  }

  ended() {
    return this.#ended;
  }

  stop(drain: boolean, timeoutMs: number) {
    this.stops.push({ drain, timeoutMs });
    return this.onStop();
  }

  /** The engine has stopped, by itself or with a failure. */
  end(failure: NativeFailure | null = null): void {
    this.state = failure ? "FAILED" : "TERMINATED";
    this.batches.put(null);
    this.log.put(null);
    this.progresses.put(null);
    this.verdicts.put(null);
    this.rules.calls.put(null);
    this.transforms.calls.put(null);
    this.#end(failure);
  }
}
