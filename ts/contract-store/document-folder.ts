import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What Headgate writes, and what people put beside it. */
const WRITTEN = ".json";
const EXTENSION = /(\.odcs)?\.(json|ya?ml)$/;

/** A document as it lies in its file. */
export interface DocumentFile {
  text: string;
  file: string;
}

/**
 * Documents in versions, `<root>/<id>/<version>.json`, which any number of processes may share. A
 * file comes whole or not at all and is never replaced. What fails is thrown as the system says it.
 */
export class DocumentFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Where a version is written. */
  pathOf(id: string, version: string): string {
    return join(this.folderOf(id), `${fileName(version)}${WRITTEN}`);
  }

  folderOf(id: string): string {
    return join(this.#root, fileName(id));
  }

  /** Of two writers at once, the first one's stays; so does what was there. */
  async put(id: string, version: string, text: string): Promise<void> {
    if ((await this.#filesOf(id, version)).length > 0) return;
    await putWhole(this.pathOf(id, version), text);
  }

  async read(id: string, version: string): Promise<DocumentFile | undefined> {
    const [name, other] = await this.#filesOf(id, version);
    if (name === undefined) return undefined;
    const file = join(this.folderOf(id), name);
    if (other !== undefined) throw new Error(`${name} and ${other} are one version`);
    return { text: await readFile(file, "utf8"), file };
  }

  async ids(): Promise<string[]> {
    const entries = await entriesOf(this.#root);
    return named(entries.filter((entry) => entry.isDirectory()).map(({ name }) => idOf(name)));
  }

  async versions(id: string): Promise<string[]> {
    return [...new Set(named((await this.#files(id)).map(versionOf)))];
  }

  async #filesOf(id: string, version: string): Promise<string[]> {
    return (await this.#files(id)).filter((name) => versionOf(name) === version);
  }

  async #files(id: string): Promise<string[]> {
    const entries = await entriesOf(this.folderOf(id));
    const files = entries.filter((entry) => entry.isFile() && EXTENSION.test(entry.name));
    return files.map(({ name }) => name).sort();
  }
}

/** Any text as the name of a file in its folder; names that begin with a dot are ours. */
export function fileName(id: string): string {
  return encodeURIComponent(id).replace(/^\./, "%2E");
}

/** Undefined: somebody else's file. */
export function idOf(name: string): string | undefined {
  try {
    return name.startsWith(".") ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** The version that a file of this name holds. */
export function versionOf(name: string): string | undefined {
  return EXTENSION.test(name) ? idOf(name.replace(EXTENSION, "")) : undefined;
}

export function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}

/** So that the name, too, outlasts a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

function named(names: readonly (string | undefined)[]): string[] {
  return names.filter((name) => name !== undefined);
}

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
