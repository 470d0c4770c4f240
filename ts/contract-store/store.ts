import type { ContractDocument } from "../config/types.js";
import type { StreamingErrorCode } from "../error-codes.js";
import { type ErrorContext, StreamingError } from "../errors.js";

/** Where teams keep contracts: each in versions, none of which is ever replaced. */
export interface ContractStore {
  /** All there are, in any order. */
  versions(id: string): Promise<readonly string[]>;
  /** Undefined: there is no such version. */
  read(id: string, version: string): Promise<StoredContract | undefined>;
  /**
   * Under the `id` and the `version` that it names. Again with the same content changes nothing;
   * with other content it throws `CONTRACT_CONFLICT`, and what is there stays.
   */
  publish(contract: ContractDocument): Promise<void>;
}

export interface StoredContract {
  /** YAML or JSON, as it is kept. */
  text: string;
  /** Where, for messages. */
  place: string;
}

type Facts = Omit<ErrorContext, "component"> & { retryable?: boolean; cause?: unknown };

export function storeError(
  code: StreamingErrorCode,
  message: string,
  { retryable = false, cause, ...context }: Facts,
): StreamingError {
  return new StreamingError(code, message, {
    context: { component: "contract store", ...context },
    retryable,
    cause,
  });
}

/** `CONTRACT_STORE_UNAVAILABLE` if a later try may succeed, else `CONTRACT_STORE_REFUSED`. */
export function inaccessible(
  place: string,
  operation: string,
  { actual, cause, mayPass }: { actual: string; cause: unknown; mayPass: boolean },
): StreamingError {
  const code = mayPass ? "CONTRACT_STORE_UNAVAILABLE" : "CONTRACT_STORE_REFUSED";
  return storeError(code, `cannot ${operation} contracts in ${place}`, {
    operation,
    expected: `an answer of the contract store ${place}`,
    actual,
    details: mayPass
      ? "try again when the store is up"
      : "look at the address and at what this process may do there",
    retryable: mayPass,
    cause,
  });
}

/** The `id` and the `version` that a document names. */
export function nameOf(contract: ContractDocument): { id: string; version: string } {
  const named = (field: "id" | "version") => {
    const value = contract[field];
    if (typeof value === "string" && value !== "") return value;
    throw storeError("CONTRACT_INVALID", `the contract has no ${field}`, {
      operation: "publish",
      field,
      expected: "text",
      actual: value === undefined ? "nothing" : typeof value,
    });
  };
  return { id: named("id"), version: named("version") };
}

export function conflict(id: string, version: string, place: string): StreamingError {
  return storeError("CONTRACT_CONFLICT", `${id} ${version} is there with other content`, {
    operation: "publish",
    field: "version",
    expected: "a version that is new, or the content that it has",
    actual: `${version} in ${place}`,
    details: "versions are never replaced: raise the version",
  });
}
