import type { StreamingError } from "../errors.js";
import { toError } from "../failure.js";
import { type NativeFailure, native } from "../native.js";
import { fileName, versionOf } from "./document-folder.js";
import { DocumentStore, type Shelf } from "./document-store.js";
import { type ContractStore, inaccessible } from "./store.js";

/** Of a listing the engine takes what it does not know for trouble that may pass. */
const REFUSED = /\bstatus code: (401|403|404)\b/;

/**
 * Contracts in an object store, laid out as in a folder and put only where there is none. It is
 * reached as tables are: with the same options, and with what the environment says.
 */
export function objectStore(
  address: string,
  options: Readonly<Record<string, string>>,
): ContractStore {
  return new DocumentStore(shelfIn(address.replace(/\/+$/, ""), { ...options }));
}

function shelfIn(place: string, options: Record<string, string>): Shelf {
  const answered = <T extends { failure?: NativeFailure }>(operation: string, answer: T): T => {
    if (answer.failure === undefined) return answer;
    const cause = toError(answer.failure);
    // What is wrong with the options is said as it is.
    if (cause.code.startsWith("CONFIG_")) throw cause;
    const actual = rootOf(cause);
    const mayPass = cause.retryable && !REFUSED.test(actual);
    throw inaccessible(place, operation, { actual, cause, mayPass });
  };
  const keyOf = (id: string, version: string) => `${fileName(id)}/${fileName(version)}.json`;
  return {
    place,
    async versions(id) {
      const { documentNames } = native();
      const { names = [] } = answered("list", await documentNames(place, options, fileName(id)));
      return names
        .filter((name) => name.endsWith(".json") && !name.endsWith(".odcs.json"))
        .map(versionOf)
        .filter((version) => version !== undefined);
    },
    async read(id, version) {
      const key = keyOf(id, version);
      const { text } = answered("read", await native().readDocument(place, options, key));
      return text === undefined || text === null ? undefined : { text, place: `${place}/${key}` };
    },
    async put(id, version, text) {
      const key = keyOf(id, version);
      answered("write", await native().putDocument(place, options, key, text));
    },
  };
}

/** What happened at the bottom of it. */
function rootOf(error: StreamingError): string {
  const root = error.cause;
  return root instanceof Error ? root.message : error.message;
}
