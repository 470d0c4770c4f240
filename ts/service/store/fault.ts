import { StreamingError } from "../../errors.js";
import { governanceError } from "../../governance/fault.js";

/** What went wrong with a database; the statement and its values are told to nobody. */
export function storeFault(
  operation: string,
  address: string,
  cause: unknown,
  said: { expected?: string; details?: string } = {},
): StreamingError {
  if (StreamingError.is(cause)) return cause;
  return governanceError("GOVERNANCE_STORE", `cannot ${operation} in the governance database`, {
    operation,
    expected: said.expected ?? "a database that answers, and that this process may write to",
    actual: reasonOf(cause),
    details: said.details ?? address,
    retryable: true,
    cause,
  });
}

/** The code of the database, which never holds a value; its words may. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown";
  const code: unknown = Reflect.get(cause, "code");
  return typeof code === "string" ? code : cause.name;
}
