import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { ContractDocument } from "../config/types.js";
import { isMapping } from "../contract/expectation.js";
import type { ContractClient } from "../governance/clients.js";
import { governanceError } from "../governance/fault.js";
import type { Properties } from "../governance/types.js";
import type { Logger } from "../logger.js";

const DOCUMENT = /\.(ya?ml|json)$/;

/** Puts the contracts of files, and of folders of files. A version that is there with other content stays. */
export async function putContracts(
  contracts: Pick<ContractClient, "put">,
  paths: readonly string[],
  logger: Logger,
): Promise<void> {
  for (const file of (await Promise.all(paths.map(filesOf))).flat()) {
    const document = await readDocument(file);
    if (document.kind !== "DataContract") continue;
    try {
      await contracts.put(document as ContractDocument);
    } catch (error) {
      logger.warn({ file, error }, "a contract was not put");
    }
  }
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && DOCUMENT.test(entry.name));
    return files.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  } catch (cause) {
    throw unusable(path, "a file or folder that this process may read", cause);
  }
}

async function readDocument(file: string): Promise<Properties> {
  try {
    const document: unknown = parse(await readFile(file, "utf8"));
    return isMapping(document) ? document : {};
  } catch (cause) {
    throw unusable(file, "YAML or JSON", cause);
  }
}

function unusable(path: string, expected: string, cause: unknown): Error {
  return governanceError("CONFIG_VALUE", `${path} cannot be used`, {
    operation: "serve",
    field: "contracts",
    expected,
    actual: "something else",
    cause,
  });
}
