import { StreamingError } from "../errors.js";
import type { ContractClient } from "../governance/clients.js";
import { isSameDocument } from "../governance/store.js";
import { type ContractStore, conflict, inaccessible, nameOf } from "./store.js";

/** The contracts of a governance service, of dc43's over HTTP or of any other. */
export function serviceStore(client: ContractClient, place: string): ContractStore {
  const attempt = async <T>(operation: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      if (!StreamingError.is(cause)) throw cause;
      const { actual = cause.message } = cause.context;
      throw inaccessible(place, operation, { actual, cause, mayPass: cause.retryable });
    }
  };
  return {
    versions: (id) => attempt("list", client.versions(id)),
    async read(id, version) {
      const found = await attempt("read", client.get(id, version));
      const of = `${id} ${version} of ${place}`;
      return found && { text: JSON.stringify(found), place: of };
    },
    /** Whether a service keeps what it was given first is its own rule: it is asked before. */
    async publish(contract) {
      const { id, version } = nameOf(contract);
      const there = await attempt("read", client.get(id, version));
      if (there !== undefined && !isSameDocument(there, contract)) {
        throw conflict(id, version, place);
      }
      if (there !== undefined) return;
      await attempt("write", client.put(contract)).catch((error: StreamingError) => {
        const isConflict = StreamingError.is(error.cause, "GOVERNANCE_CONFLICT");
        throw isConflict ? conflict(id, version, place) : error;
      });
    },
  };
}
