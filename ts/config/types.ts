/** One source → contract → tables loop. The YAML form spells every key in `snake_case`. */
export interface StreamingNodeConfig {
  name: string;
  input: InputConfig;
  output: TableConfig;
  /** Between decoding and the contract, one after the other. */
  transforms?: readonly TransformConfig[];
  /**
   * Path or URL of an ODCS document, either with what to take from it, the id of a contract in a store,
   * or the document itself. Its servers say what `input.options` and `output` leave out: brokers,
   * topic, and where the table is.
   */
  contract?: ContractSource;
  /** Where contracts are that are named by their id, unless they say it themselves. */
  contractStore?: ContractStoreOptions;
  /** Judges the same records without effect: its verdicts stand beside those of the contract. */
  shadowContract?: ServerlessContract;
  /**
   * What the rejects are held against, by the columns of theirs that it names. A row that breaks it
   * is a dead letter; its rules stand in each verdict as `rejects.<rule>`.
   */
  rejectsContract?: ServerlessContract;
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
  /**
   * `raw` keeps payloads as text. `avro` and `protobuf` need `schema` or `registry`; with a registry, the
   * schema of each payload's frame says its format.
   */
  decode?: PayloadFormat;
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
  contract?: ServerlessContract;
  /** A file with the schema that payloads were written with: `.avsc`, or `.proto` with what it imports beside it. */
  schema?: string;
  /** Full name of the message that payloads are; needed where the `.proto` file has several. */
  message?: string;
  csv?: CsvConfig;
  /** Decodes keys, too, into a property of the contract. */
  key?: KeyConfig;
  registry?: RegistryConfig;
  /**
   * What becomes of payloads of a registered schema that does not fit the contract: the query fails with the
   * differences (`block`, the default), they are dead letters (`reject`), or they are read as far as
   * they fit (`evolve`).
   */
  onSchemaChange?: "evolve" | "reject" | "block";
}

export type PayloadFormat = "raw" | "json" | "avro" | "protobuf" | "csv";

/** One payload is one line. */
export interface CsvConfig {
  /** Names of the fields in their order; by default the contract's top-level properties. */
  columns?: readonly string[];
  /** The payload's first line names its fields, and the second holds them. */
  header?: boolean;
  /** `,` by default. */
  delimiter?: string;
  /** `"` by default; an empty text: fields are never quoted. */
  quote?: string;
  /** Fields that mean NULL where they are not quoted; the empty one by default. */
  nullWords?: readonly string[];
}

export interface KeyConfig {
  /** `raw` by default: the key as text. */
  decode?: PayloadFormat;
  /** The property: an object takes the key's fields, any other a key that is one value. */
  column: string;
  schema?: string;
  message?: string;
  csv?: CsvConfig;
}

/** A schema registry that speaks Confluent's API. Payloads are in its wire format. */
export interface RegistryConfig {
  /** Several, separated by commas, are tried in turn. */
  url: string;
  username?: string;
  password?: string;
  /** Instead of a user and a password. */
  token?: string;
  /** PEM. */
  caFile?: string;
  certificateFile?: string;
  keyFile?: string;
  /** Whose newest schema is held against the contract at a start; `<topic>-value` by default. */
  subject?: string;
  /** `<topic>-key` by default. */
  keySubject?: string;
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

/** A text is a path, or a URL if it begins with `http://` or `https://`. */
export type ContractSource =
  | string
  | ContractReference
  | ContractAtUrl
  | StoredContractReference
  | ContractDocument;

/** Of a contract whose servers do not count. */
export type ServerlessContract =
  | string
  | Omit<ContractReference, "server">
  | Omit<ContractAtUrl, "server">
  | Omit<StoredContractReference, "server">
  | ContractDocument;

export interface ContractParts {
  /** Which schema object of the document; needed when there are several. */
  schema?: string;
  /** Which of its servers, by name or environment; needed when several would do. */
  server?: string;
}

export interface ContractReference extends ContractParts {
  path: string;
}

export interface ContractAtUrl extends ContractParts {
  /** `http` or `https`. */
  url: string;
  /** Sent as a bearer token. */
  token?: string;
}

/** A contract by its id in a store. Which version that is, is found out anew at each start. */
export interface StoredContractReference extends ContractParts {
  id: string;
  /** `1.2.0` or `==1.2.0`; `>=1.2`: the highest such; `latest`, which is the default. */
  version?: string;
  /** True: `>=` and `latest` select drafts, too. */
  drafts?: boolean;
  /** Default: the `contractStore` of the node. */
  store?: ContractStoreOptions;
}

/** A folder, a service with the endpoints of dc43, or a place in an object store. */
export type ContractStoreOptions =
  | Readonly<{ path: string }>
  | Readonly<{
      url: string;
      /** Sent as a bearer token. */
      token?: string;
    }>
  | Readonly<{
      /** `s3://bucket/prefix`, or what else a table's path may be: `az://`, `abfss://`, `gs://`. */
      s3: string;
      /** Those that a table of that store takes. */
      options?: Options;
    }>;

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
