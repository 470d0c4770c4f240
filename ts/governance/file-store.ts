import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, open, readdir, readFile, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ContractDocument } from "../config/types.js";
import { isMapping } from "../contract/expectation.js";
import type { Logger } from "../logger.js";
import { governanceError } from "./fault.js";
import type { DocumentKind, DocumentStore, Entry, EntryStore } from "./store.js";

const DOCUMENT = ".json";
const ENTRIES = ".jsonl";
const LINE_END = 0x0a;

/**
 * A folder that any number of processes may share. A document is a file that comes whole or not at
 * all and is never replaced; the entries of a dataset are lines of one file that is only added to.
 */
export class FileStore implements DocumentStore, EntryStore {
  readonly #directory: string;
  readonly #logger: Logger;
  /** Damaged lines that were told of, by file. */
  readonly #told = new Map<string, number>();

  constructor(directory: string, logger: Logger) {
    this.#directory = resolve(directory);
    this.#logger = logger;
  }

  async putDocument(kind: DocumentKind, id: string, version: string, document: ContractDocument) {
    const path = this.#documentPath(kind, id, version);
    await stored("write", path, () => putWhole(path, JSON.stringify(document)));
    return (await this.document(kind, id, version)) ?? document;
  }

  async document(kind: DocumentKind, id: string, version: string) {
    const path = this.#documentPath(kind, id, version);
    const text = await stored("read", path, () => unlessMissing(readFile(path, "utf8")));
    return text === undefined ? undefined : parsed(path, text);
  }

  ids(kind: DocumentKind) {
    return this.#names(join(this.#directory, kind), "");
  }

  versions(kind: DocumentKind, id: string) {
    return this.#names(join(this.#directory, kind, fileName(id)), DOCUMENT);
  }

  async append(datasetId: string, entry: Entry) {
    const path = this.#entriesPath(datasetId);
    await stored("append", path, () => appendLine(path, JSON.stringify(entry)));
  }

  async *entries(datasetId: string): AsyncGenerator<Entry> {
    const path = this.#entriesPath(datasetId);
    let damaged = 0;
    for await (const { text, isEnded } of lines(path)) {
      const entry = entryOf(text);
      if (entry !== undefined) yield entry;
      // A last line without an end may be one that somebody writes right now.
      else if (isEnded) damaged += 1;
    }
    if (damaged > (this.#told.get(path) ?? 0)) {
      this.#told.set(path, damaged);
      const said = "lines that a writer left unfinished were skipped";
      this.#logger.warn({ component: "governance", file: path, lines: damaged }, said);
    }
  }

  datasets() {
    return this.#names(join(this.#directory, "datasets"), ENTRIES);
  }

  #documentPath(kind: DocumentKind, id: string, version: string): string {
    return join(this.#directory, kind, fileName(id), `${fileName(version)}${DOCUMENT}`);
  }

  #entriesPath(datasetId: string): string {
    return join(this.#directory, "datasets", `${fileName(datasetId)}${ENTRIES}`);
  }

  async #names(folder: string, extension: string): Promise<string[]> {
    const list = () => unlessMissing(readdir(folder, { withFileTypes: true }));
    const entries = (await stored("list", folder, list)) ?? [];
    return entries
      .filter((entry) => (extension === "" ? entry.isDirectory() : entry.isFile()))
      .filter(({ name }) => name.endsWith(extension) && !name.startsWith("."))
      .map(({ name }) => idOf(name.slice(0, name.length - extension.length)))
      .filter((id) => id !== undefined);
  }
}

/** Any text as the name of a file in its folder; names that begin with a dot are ours. */
function fileName(id: string): string {
  return encodeURIComponent(id).replace(/^\./, "%2E");
}

function idOf(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined; // Somebody else's file.
  }
}

/** Of two writers at once, the first one's stays. */
async function putWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `.${randomUUID()}`);
  const file = await open(draft, "wx");
  try {
    await file.writeFile(text);
    await file.sync();
    await link(draft, path);
    await syncFolder(folder);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

/**
 * One write a line, so that lines of two processes do not mix. The end of a line comes before it,
 * too: a line that a killed process left unfinished does not take the next one with it.
 */
async function appendLine(path: string, text: string): Promise<void> {
  const line = Buffer.from(`\n${text}\n`);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a");
  try {
    const { bytesWritten } = await file.write(line);
    if (bytesWritten < line.length) throw new Error("the line was written in part: is there room?");
    await file.datasync();
    await syncFolder(dirname(path));
  } finally {
    await file.close();
  }
}

/** So that the name, too, outlasts a loss of power. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* lines(path: string): AsyncGenerator<{ text: string; isEnded: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let data = Buffer.concat([rest, chunk]);
      for (let end = data.indexOf(LINE_END); end >= 0; end = data.indexOf(LINE_END)) {
        if (end > 0) yield { text: data.toString("utf8", 0, end), isEnded: true };
        data = data.subarray(end + 1);
      }
      rest = data;
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw storeError("read", path, error);
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), isEnded: false };
}

function entryOf(text: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}

function parsed(path: string, text: string): ContractDocument {
  try {
    return JSON.parse(text) as ContractDocument;
  } catch (cause) {
    throw governanceError("GOVERNANCE_UNREADABLE", "a document of the store is damaged", {
      operation: "read",
      expected: "JSON",
      actual: path,
      details: "put the file aside, and the document again",
      cause,
    });
  }
}

async function stored<T>(operation: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw storeError(operation, path, error);
  }
}

function storeError(operation: string, path: string, cause: unknown): Error {
  return governanceError("GOVERNANCE_STORE", `cannot ${operation} in the governance folder`, {
    operation,
    expected: "a folder of a local disk that this process may write to",
    actual: codeOf(cause) ?? String(cause),
    details: path,
    retryable: true,
    cause,
  });
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}
