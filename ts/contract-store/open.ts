import { resolve } from "node:path";
import type { ContractStoreOptions } from "../config/types.js";
import { httpGovernance } from "../governance/http.js";
import { cached } from "./cache.js";
import { folderStore } from "./folder.js";
import { objectStore } from "./object-store.js";
import { serviceStore } from "./service.js";
import type { ContractStore } from "./store.js";

/**
 * Opens a store of contracts: a folder that several processes may share, a governance service with
 * the endpoints of dc43, or an object store. `baseDir` is what a relative path starts from.
 */
export function contractStore(
  options: ContractStoreOptions,
  { baseDir = process.cwd() }: { baseDir?: string } = {},
): ContractStore {
  if ("path" in options) return folderStore(resolve(baseDir, options.path));
  if ("url" in options) {
    const { url: baseUrl, token } = options;
    const { contracts } = httpGovernance(token === undefined ? { baseUrl } : { baseUrl, token });
    return cached(serviceStore(contracts, baseUrl), JSON.stringify([baseUrl, token]));
  }
  const entries = Object.entries(options.options ?? {});
  const access = Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
  return cached(objectStore(options.s3, access), JSON.stringify([options.s3, access]));
}
