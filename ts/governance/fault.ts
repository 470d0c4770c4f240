import type { StreamingErrorCode } from "../error-codes.js";
import { type ErrorContext, StreamingError } from "../errors.js";

type Facts = Omit<ErrorContext, "component"> & { retryable?: boolean; cause?: unknown };

export function governanceError(
  code: StreamingErrorCode,
  message: string,
  { retryable = false, cause, ...context }: Facts,
): StreamingError {
  return new StreamingError(code, message, {
    context: { component: "governance", ...context },
    retryable,
    cause,
  });
}
