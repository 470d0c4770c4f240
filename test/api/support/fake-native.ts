import type {
  NativeBatch,
  NativeBinding,
  NativeContractTest,
  NativeFailure,
  NativeLogRecord,
  NativeMemoryRecord,
  NativeValidation,
} from "../../../ts/native.ts";
import { FakeQuery } from "./fake-query.ts";
import { FakeTrial } from "./fake-trial.ts";

/** The engine of a test: what it was asked, and what it answers. */
export class FakeNative {
  readonly started: { config: unknown; options: Parameters<NativeBinding["startQuery"]>[1] }[] = [];
  readonly queries: FakeQuery[] = [];
  /** What the next query had committed before. */
  history: NativeBatch[] = [];
  /** Runs while a query starts. */
  onStart = async () => {};
  startFailure: NativeFailure | undefined;
  readonly validated: Parameters<NativeBinding["validateConfig"]>[] = [];
  readonly trials: FakeTrial[] = [];
  /** What the trial of a contract does and answers. */
  onTrial = async (_: FakeTrial): Promise<NativeContractTest> => ({ issues: [] });
  validation: NativeValidation = { issues: [], coverage: [] };
  verification: Awaited<ReturnType<NativeBinding["verifyTable"]>> = {};
  logLevel = "off";
  log: (record: NativeLogRecord) => void = () => {};

  /** What was pushed into streams in memory, and what is answered. */
  readonly pushed: NativeMemoryRecord[][] = [];
  pushFailure: NativeFailure | null = null;
  readonly operated: unknown[][] = [];
  optimized: Awaited<ReturnType<NativeBinding["optimizeTable"]>> = {};
  operation: Awaited<ReturnType<NativeBinding["releaseQuery"]>> = {};

  private operate(name: string, asked: unknown[]) {
    this.operated.push([name, ...asked]);
    return this.operation;
  }

  get query(): FakeQuery {
    const query = this.queries.at(-1);
    if (query === undefined) throw new Error("no query was started");
    return query;
  }

  /** What an object store answers. */
  documents: { names?: string[]; text?: string; isNew?: boolean; failure?: NativeFailure } = {};

  readonly binding: NativeBinding = {
    validateConfig: (...asked) => {
      this.validated.push(asked);
      return this.validation;
    },
    planStream: () => ({ columns: [], wanted: [], misfits: [], issues: [] }),
    checkContract: async (...asked) => {
      this.operated.push(["check", ...asked]);
      return { issues: [] };
    },
    readLedgers: async () => ({
      page: { address: "file:///lake/events", entries: [], next: 0, isEnd: true },
    }),
    NativeContractTrial: trialsOf(this),
    configKeys: () => [],
    startQuery: async (json, options) => {
      const config = JSON.parse(json);
      this.started.push({ config, options });
      await this.onStart();
      if (this.startFailure) return { failure: this.startFailure };
      const query = new FakeQuery(config.name);
      query.history = this.history;
      this.queries.push(query);
      return { query };
    },
    verifyTable: async (...asked) => {
      this.operated.push(["verify", ...asked]);
      return this.verification;
    },
    optimizeTable: async (...asked) => {
      this.operated.push(["optimize", ...asked]);
      return this.optimized;
    },
    vacuumTable: async (...asked) => {
      this.operated.push(["vacuum", ...asked]);
      return { files: ["a.parquet", "b.parquet"] };
    },
    checkpointTable: async (...asked) => {
      this.operated.push(["checkpoint", ...asked]);
      return { checkpointed: { version: 7n, deleted: 3n } };
    },
    releaseQuery: async (...asked) => this.operate("release", asked),
    adoptQuery: async (...asked) => this.operate("adopt", asked),
    rewindQuery: async (...asked) => this.operate("rewind", asked),
    tableTotals: async () => ({ rows: 0n, version: 0n }),
    documentNames: async (...asked) => {
      this.operated.push(["names", ...asked]);
      return this.documents;
    },
    readDocument: async (...asked) => {
      this.operated.push(["read", ...asked]);
      return this.documents;
    },
    putDocument: async (...asked) => {
      this.operated.push(["put", ...asked]);
      return this.documents;
    },
    previewTable: async () => ({ rowsJson: "[]" }),
    setLogger: (level, sink) => {
      this.logLevel = level;
      this.log = sink;
    },
    NativeEmbeddedBroker: class {
      static start = () => ({});
      readonly bootstrapServers = "127.0.0.1:9092";
      close() {}
    },
    NativeMemoryStream: streamsOf(this),
    version: () => "0.1.0",
  };
}

function trialsOf(engine: FakeNative): NativeBinding["NativeContractTrial"] {
  return class extends FakeTrial {
    constructor(options: FakeTrial["options"]) {
      super(options, (trial) => engine.onTrial(trial));
      engine.trials.push(this);
    }
  };
}

function streamsOf(engine: FakeNative): NativeBinding["NativeMemoryStream"] {
  return class FakeStream {
    static open = (name: string | null | undefined, partitions: number) => {
      engine.operated.push(["open", name, partitions]);
      return { stream: new FakeStream(name ?? "memory-1") };
    };
    readonly name: string;
    constructor(name: string) {
      this.name = name;
    }
    push(records: NativeMemoryRecord[]) {
      engine.pushed.push(records);
      return engine.pushFailure;
    }
    end() {
      engine.operated.push(["end", this.name]);
    }
    close() {
      engine.operated.push(["close", this.name]);
    }
  } as unknown as NativeBinding["NativeMemoryStream"];
}
