import { createReadStream } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ContractDocument } from "../config/types.js";
import { parseContract } from "../contract/document.js";
import { isMapping } from "../contract/expectation.js";
import {
  codeOf,
  DocumentFolder,
  fileName,
  idOf,
  syncFolder,
} from "../contract-store/document-folder.js";
import type { Logger } from "../logger.js";
import { governanceError } from "./fault.js";
import type { DocumentKind, DocumentStore, Entry, EntryStore } from "./store.js";

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
    const folder = this.#documents(kind);
    const path = folder.pathOf(id, version);
    await stored("write", path, () => folder.put(id, version, JSON.stringify(document)));
    return (await this.document(kind, id, version)) ?? document;
  }

  async document(kind: DocumentKind, id: string, version: string) {
    const folder = this.#documents(kind);
    const path = folder.pathOf(id, version);
    const found = await stored("read", path, () => folder.read(id, version));
    return found === undefined ? undefined : parsed(found.file, found.text);
  }

  ids(kind: DocumentKind) {
    return stored("list", join(this.#directory, kind), () => this.#documents(kind).ids());
  }

  versions(kind: DocumentKind, id: string) {
    const folder = this.#documents(kind);
    return stored("list", folder.folderOf(id), () => folder.versions(id));
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

  async datasets() {
    const folder = join(this.#directory, "datasets");
    const names = await stored("list", folder, () => namesIn(folder));
    return names
      .filter((name) => name.endsWith(ENTRIES))
      .map((name) => idOf(name.slice(0, -ENTRIES.length)))
      .filter((id) => id !== undefined);
  }

  #documents(kind: DocumentKind): DocumentFolder {
    return new DocumentFolder(join(this.#directory, kind));
  }

  #entriesPath(datasetId: string): string {
    return join(this.#directory, "datasets", `${fileName(datasetId)}${ENTRIES}`);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
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
  const { value, fault } = parseContract(text);
  if (isMapping(value)) return value as ContractDocument;
  throw governanceError("GOVERNANCE_UNREADABLE", "a document of the store is damaged", {
    operation: "read",
    expected: "JSON or YAML",
    actual: path,
    details: "put the file aside, and the document again",
    cause: fault === undefined ? undefined : new Error(fault),
  });
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
