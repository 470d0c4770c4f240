import type { z } from "zod";
import type { StreamingErrorCode } from "../../error-codes.js";
import { StreamingError } from "../../errors.js";
import { UnexpectedAnswer } from "../../governance/wire.js";
import type { Answer } from "./endpoint.js";

/** An answer that is no success, thrown where it is known. */
export class HttpFault extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const STATUS: Partial<Record<StreamingErrorCode, number>> = {
  GOVERNANCE_CONFLICT: 409,
  GOVERNANCE_INVALID: 400,
  GOVERNANCE_NO_CONTRACT: 404,
  GOVERNANCE_REFUSED: 400,
  CONTRACT_INVALID: 422,
  CONTRACT_UNREADABLE: 422,
  GOVERNANCE_STORE: 503,
  NATIVE_UNAVAILABLE: 501,
};

/** What is answered when something was thrown; of what nobody foresaw, nothing is told. */
export function answerOf(error: unknown): Answer {
  if (error instanceof HttpFault) {
    const { status, message, headers } = error;
    return { status, headers, body: { detail: message } };
  }
  if (error instanceof UnexpectedAnswer) return { status: 422, body: { detail: error.message } };
  if (StreamingError.is(error)) {
    const { code, message, context, retryable } = error;
    const status = STATUS[code];
    if (status === undefined) return { status: 500, body: { detail: "internal error" } };
    const { field, expected, actual } = context;
    const said = status === 503 ? {} : { field, expected, actual };
    const headers = retryable ? { "retry-after": "1" } : undefined;
    return { status, ...(headers && { headers }), body: { detail: message, code, ...said } };
  }
  return { status: 500, body: { detail: "internal error" } };
}

/** As dc43 says what of a request is wrong. */
export function refused(where: string, error: z.ZodError): Answer {
  const detail = error.issues.map(({ path, message, code }) => ({
    loc: [where, ...path.map((part) => (typeof part === "symbol" ? String(part) : part))],
    msg: message,
    type: code,
  }));
  return { status: 422, body: { detail } };
}
