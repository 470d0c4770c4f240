import { DocumentStore, type Shelf } from "./document-store.js";
import type { ContractStore } from "./store.js";

/** Contracts that are gone with the process: for tests and trials. */
export function inMemoryContracts(): ContractStore {
  const kept = new Map<string, Map<string, string>>();
  const shelf: Shelf = {
    place: "memory",
    versions: async (id) => [...(kept.get(id)?.keys() ?? [])],
    async read(id, version) {
      const text = kept.get(id)?.get(version);
      return text === undefined ? undefined : { text, place: `${id} ${version} in memory` };
    },
    async put(id, version, text) {
      const versions = kept.get(id) ?? new Map<string, string>();
      kept.set(id, versions);
      if (!versions.has(version)) versions.set(version, text);
    },
  };
  return new DocumentStore(shelf);
}
