/** One source → contract → tables loop. The YAML form spells every key in `snake_case`. */
export interface StreamingNodeConfig {
  name: string;
  input: InputConfig;
  output: TableConfig;
  /** Between decoding and the contract, one after the other. */
  transforms?: readonly TransformConfig[];
  /**
   * Path of an ODCS document, a path with what to take from it, or the document itself. Its servers
   * say what `input.options` and `output` leave out: brokers, topic, and where the table is.
   */
  contract?: string | ContractReference | ContractDocument;
  /** Judges the same records without effect: its verdicts stand beside those of the contract. */
  shadowContract?: string | Omit<ContractReference, "server"> | ContractDocument;
  /**
   * What the rejects are held against, by the columns of theirs that it names. A row that breaks it
   * is a dead letter; its rules stand in each verdict as `rejects.<rule>`.
   */
  rejectsContract?: string | Omit<ContractReference, "server"> | ContractDocument;
  /** Refuses to start while a rule of the contract is not enforced. Default: false. */
  requireFullCoverage?: boolean;
  /** Default: `block`. */
  onViolation?: "block" | "split" | "allow" | "flag";
  /** dc43's word: true is `block`, false is `allow`. Not together with `onViolation`. */
  enforce?: boolean;
  /** Rows that broke the contract; `"dead_letters"` sends them there. */
  rejects?: TableConfig | "dead_letters";
  /** Records that could not become a row. Without it one of them fails the query. */
  deadLetters?: TableConfig;
  /** Where interventions may send batches, by name: tables with the columns of the output. */
  sinks?: Readonly<Record<string, TableConfig>>;
  streaming?: StreamingConfig;
  /** Ends a batch before its trigger. `maxBytes` is a number of bytes or a size such as `"1GiB"`. */
  batch?: { maxRows?: number; maxBytes?: number | string };
  /** Of the process, shared by its queries: a number of bytes or a size such as `"512MiB"`. */
  memory?: { max?: number | string };
  maintenance?: MaintenanceConfig;
  /** Of local disks: survives a power loss (`fsync`, the default) or a crash of the process only. */
  durability?: "fsync" | "process";
}

/** Passed as written: these are Kafka's, Delta's and Spark's own names. */
export type Options = Readonly<Record<string, string | number | boolean>>;

export interface InputConfig {
  /**
   * `kafka`; `rate`: records `{ timestamp, value }`, made up at a steady rate; `memory`: a
   * `MemoryStream` of `headgate/testing`.
   */
  format: string;
  /** Of `rate`: `rowsPerSecond` and `numPartitions`, 1 each by default. Of `memory`: `stream`, its name. */
  options?: Options;
  /** `raw` keeps payloads as text. */
  decode?: "raw" | "json";
  /** True means `decode: "json"`. */
  parseJson?: boolean;
  tombstones?: "skip" | "reject" | "keep";
  unknownFields?: "ignore" | "extra" | "reject";
  /** Adds the columns `_kafka_topic`, `_kafka_partition`, `_kafka_offset` and so on, whatever the format. */
  metadata?: boolean;
  /**
   * A JSON Schema (2020-12) that payloads are held against: its path or the document itself. Without a
   * contract it decides the columns; beside one its rules are further ones.
   */
  jsonSchema?: string | Readonly<Record<string, unknown>>;
  /** The shape of payloads, where transforms change it: as the node's `contract`, which it is by default. */
  contract?: string | Omit<ContractReference, "server"> | ContractDocument;
}

/** Makes of each row another one or none: no row knows of another. */
export type TransformConfig = SqlTransformConfig | FunctionTransformConfig;

export interface SqlTransformConfig {
  /** `SELECT … FROM input`, with or without `WHERE`. */
  sql: string;
}

export interface FunctionTransformConfig {
  /** Its name among `transforms` of `startQuery`. */
  function: string;
  /** The columns of its rows, as ODCS properties: names, types and `required` count, no other rule. */
  schema: readonly ContractProperty[];
}

/** A property of an ODCS document, such as `{ name: "km", logicalType: "number" }`. */
export type ContractProperty = Readonly<{
  name: string;
  logicalType?: string;
  [key: string]: unknown;
}>;

/** `path`, or `tableName` below `warehouse`; of the output, else what the contract's servers say. */
export interface TableConfig {
  /** `delta`. */
  format: string;
  path?: string;
  tableName?: string;
  warehouse?: string;
  options?: Options;
}

/** What keeps the tables fast and small, beside the data path. All of it is on by default. */
export interface MaintenanceConfig {
  /** False: no file is rewritten or deleted. Log checkpoints are written all the same. */
  enabled?: boolean;
  /** Commits between two log checkpoints; default 100. */
  checkpointInterval?: number;
  /** How often small files are looked for, to be made larger; default `"10 minutes"`. */
  optimizeInterval?: string;
  /** Columns of the output that files are cut by when they are rewritten (Z-order). */
  zOrder?: readonly string[];
  /** How often files are looked for that nothing refers to; default `"1 day"`. */
  vacuumInterval?: string;
  /** How long they are kept; default what the table says, `"7 days"` at least. */
  vacuumRetention?: string;
}

export interface ContractReference {
  path: string;
  /** Which schema object of the document; needed when there are several. */
  schema?: string;
  /** Which of its servers, by name or environment; needed when several would do. */
  server?: string;
}

/** An ODCS document as its YAML or JSON reads. */
export type ContractDocument = Readonly<{
  apiVersion: string;
  kind: string;
  [key: string]: unknown;
}>;

export interface StreamingConfig {
  /** `interval` is a duration such as `"10 seconds"`, for `processing_time` alone. */
  trigger?: { type: "processing_time" | "available_now" | "once"; interval?: string };
  outputMode?: "append";
  queryName?: string;
}
