import { invalidArgument, toError, unwrap } from "./failure.js";
import { type NativeMemoryRecord, type NativeMemoryStream, native } from "./native.js";
import { writeValue } from "./rule-values.js";

export interface MemoryStreamOptions {
  /** Unlike that of any other stream of the process. Default: one of its own. */
  name?: string;
  /** From 1 to 1,000. Default: 1. */
  partitions?: number;
}

export interface MemoryStreamRecord {
  /** Null is a tombstone. */
  value: string | Uint8Array | null;
  key?: string | Uint8Array | null;
  headers?: Readonly<Record<string, string | Uint8Array | null>>;
  /** Milliseconds since 1970. Default: now. */
  timestamp?: number | Date;
  /** Default: one partition after the other. */
  partition?: number;
}

/**
 * Records in this process, for tests: the source of format `memory`, by its name. Queries read them
 * exactly once, across restarts within the process; nothing of them survives it, so that an output
 * which was begun with one goes on with no other. They stay in memory until `close`.
 */
export class MemoryStream {
  readonly #native: NativeMemoryStream;

  /** Throws `MEMORY_NOT_TAKEN` for a name that another stream has. */
  constructor({ name, partitions = 1 }: MemoryStreamOptions = {}) {
    const { NativeMemoryStream } = native();
    const opened = NativeMemoryStream.open(name, whole(partitions, "partitions"));
    this.#native = unwrap(opened, "stream");
  }

  /** For `input: { format: "memory", options: { stream: stream.name } }`. */
  get name(): string {
    return this.#native.name;
  }

  /** One row or several, as JSON; a `bigint` is a number of all its digits. */
  push(rows: object | readonly object[]): void {
    const values = (Array.isArray(rows) ? rows : [rows]).map((row) => writeValue(row, null));
    const isRow = (value: string) => value.startsWith("{");
    if (!values.every(isRow)) throw unusable("rows", "objects, which become JSON objects");
    this.pushRecords(values.map((value) => ({ value })));
  }

  /** One record or several, as they are. All of them are taken, or none. */
  pushRecords(records: MemoryStreamRecord | readonly MemoryStreamRecord[]): void {
    const all: readonly MemoryStreamRecord[] = Array.isArray(records) ? records : [records];
    const failure = this.#native.push(all.map(toNative));
    if (failure !== null) throw toError(failure);
  }

  /** Nothing more comes: queries end by themselves once they have read it all, whatever their trigger. */
  end(): void {
    this.#native.end();
  }

  /** Ends it, and frees its name and its records. No query can start with it any more. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function toNative(record: MemoryStreamRecord): NativeMemoryRecord {
  const { value, key, headers = {}, timestamp = Date.now(), partition } = record;
  return {
    partition: partition === undefined ? undefined : whole(partition, "partition"),
    timestampMs: Number(timestamp),
    key: bytes(key),
    value: bytes(value),
    headers: Object.entries(headers).map(([name, each]) => ({ name, value: bytes(each) })),
  };
}

function bytes(value: string | Uint8Array | null | undefined): Uint8Array | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  throw unusable("records", "text, bytes or null");
}

function whole(value: number, field: string): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw unusable(field, "a whole number");
}

function unusable(field: string, expected: string) {
  const context = { operation: "push", component: "memory", field, expected };
  return invalidArgument(`the stream does not take these ${field}: expected ${expected}`, context);
}
