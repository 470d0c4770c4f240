import { documentOf } from "./document-store.js";
import { isDraftContract } from "./select.js";
import type { ContractStore, StoredContract } from "./store.js";

/** Of this process: what was read once of a store elsewhere, by store, id and version. */
const READ = new Map<string, StoredContract>();

/**
 * Reads each version once: versions do not change, but for drafts. So a version that was read before
 * outlasts an outage of its store; which versions there are is asked each time.
 */
export function cached(store: ContractStore, identity: string): ContractStore {
  return {
    versions: (id) => store.versions(id),
    publish: (contract) => store.publish(contract),
    async read(id, version) {
      const key = JSON.stringify([identity, id, version]);
      const known = READ.get(key) ?? (await store.read(id, version));
      if (known === undefined || isDraftContract(version, documentOf(known))) return known;
      READ.set(key, known);
      return known;
    },
  };
}
