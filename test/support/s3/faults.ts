import type { Exchange, Operation } from "./exchange.ts";

export type Fault =
  /** Answered so, and never forwarded. */
  | { kind: "answer"; status: number; code: string }
  /** The connection ends before anything is forwarded. */
  | { kind: "reset" }
  /** Forwarded; the connection ends instead of the reply. */
  | { kind: "lost reply" }
  /** Forwarded; answered so instead of the reply. */
  | { kind: "false answer"; status: number; code: string }
  /** The connection ends; forwarded only this much later. */
  | { kind: "late"; ms: number }
  | { kind: "delay"; ms: number }
  /** Both bodies at this pace. */
  | { kind: "trickle"; bytesPerSecond: number }
  /** Forwarded and signed anew without that header. */
  | { kind: "strip"; header: string };

/** What to do to a request; undefined leaves it alone. */
export type Rule = (exchange: Exchange) => Fault | undefined;

export const slowDown: Fault = { kind: "answer", status: 503, code: "SlowDown" };
export const internalError: Fault = { kind: "answer", status: 500, code: "InternalError" };
export const expiredToken: Fault = { kind: "answer", status: 403, code: "ExpiredToken" };
export const accessDenied: Fault = { kind: "answer", status: 403, code: "AccessDenied" };
/** 409 although the slot is empty. */
export const conflict: Fault = {
  kind: "answer",
  status: 409,
  code: "ConditionalRequestConflict",
};
/** 412 to a put that has just created the object. */
export const ownWriteRefused: Fault = {
  kind: "false answer",
  status: 412,
  code: "PreconditionFailed",
};
export const reset: Fault = { kind: "reset" };
export const lostReply: Fault = { kind: "lost reply" };
export const ignoredCondition: Fault = { kind: "strip", header: "if-none-match" };

/** All that is given must hold. */
export interface Match {
  operation?: Operation | readonly Operation[];
  key?: RegExp;
  /** The value of the `x-amz-security-token` header. */
  sessionToken?: string;
  /** Only the nth request that matches so far, counted from 1. */
  nth?: number;
  /** Only so many times. */
  times?: number;
}

/** `fault` for the requests that match. */
export function when(match: Match, fault: Fault): Rule {
  let matched = 0;
  let injected = 0;
  return (exchange) => {
    if (!describes(match, exchange)) return undefined;
    matched += 1;
    if (match.nth !== undefined && matched !== match.nth) return undefined;
    if (injected === (match.times ?? Number.POSITIVE_INFINITY)) return undefined;
    injected += 1;
    return fault;
  };
}

/** `faults` in turn: a random one of every `spacing` requests gets the next. */
export function inTurn(faults: readonly Fault[], spacing: number, random: () => number): Rule {
  let request = 0;
  let chosen = 0;
  return () => {
    const place = request % spacing;
    if (place === 0) chosen = Math.floor(random() * spacing);
    const turn = Math.floor(request / spacing);
    request += 1;
    return place === chosen ? faults[turn % faults.length] : undefined;
  };
}

export function describes(match: Match, exchange: Exchange): boolean {
  const { operation = exchange.operation, key, sessionToken } = match;
  return (
    [operation].flat().includes(exchange.operation) &&
    (key === undefined || key.test(exchange.key)) &&
    (sessionToken === undefined || exchange.headers["x-amz-security-token"] === sessionToken)
  );
}

export const logEntry = /_delta_log\/\d{20}\.json$/;
export const dataFile = /\.parquet$/;
