import { randomUUID } from "node:crypto";
import type { StreamingErrorCode } from "../error-codes.js";
import type { StreamingError } from "../errors.js";
import { Pauses } from "../pauses.js";
import { governanceError } from "./fault.js";
import { type Outcome, readResponse } from "./response.js";
import type { CallOptions } from "./types.js";
import { UnexpectedAnswer } from "./wire.js";

export interface HttpGovernanceOptions {
  /** `https://governance.example/api`. */
  baseUrl: string;
  /** Sent as a bearer token, and told to nobody else. */
  token?: string;
  /** Of one try. Default: 10,000. */
  timeoutMs?: number;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Request {
  method: "GET" | "PUT" | "POST";
  path: string;
  query?: Query;
  body?: unknown;
}

const TIMEOUT_MS = 10_000;
const MAX_TRIES = 4;
/** A service that asks for more is told later, by the caller. */
const LONGEST_WAIT_MS = 30_000;

/** Requests of a governance service, tried again while what fails may pass. */
export class HttpTransport {
  readonly #base: URL;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;

  constructor({ baseUrl, token, timeoutMs = TIMEOUT_MS }: HttpGovernanceOptions) {
    this.#base = baseOf(baseUrl);
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw wrongOption("token", "visible ASCII characters", "others, too");
    }
    if (!(timeoutMs > 0)) throw wrongOption("timeoutMs", "more than 0", String(timeoutMs));
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** What there is not, is undefined. */
  get<T>(path: string, query: Query, read: Read<T>, call?: CallOptions) {
    return this.#insist({ method: "GET", path, query }, readIfThere(read), call);
  }

  put(path: string, body: unknown, call?: CallOptions): Promise<void> {
    return this.#insist({ method: "PUT", path, body }, nothing, call);
  }

  /** Every try has the same key, so that a service can tell it from another request. */
  post<T>(path: string, body: unknown, read: Read<T>, call: CallOptions = {}): Promise<T> {
    const { idempotencyKey = randomUUID() } = call;
    return this.#insist({ method: "POST", path, body }, read, { ...call, idempotencyKey });
  }

  async #insist<T>(request: Request, read: Read<T>, call: CallOptions = {}): Promise<T> {
    const pauses = new Pauses({ ref: true });
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#try(request, call);
      if ("answer" in outcome) return understood(request, read, outcome.answer);
      const { mayPass, retryAfterMs = 0 } = outcome;
      if (!mayPass || tries === MAX_TRIES || retryAfterMs > LONGEST_WAIT_MS) {
        throw failureOf(request, outcome, tries);
      }
      await pauses.next(call.signal, retryAfterMs);
    }
  }

  async #try(request: Request, { signal, idempotencyKey }: CallOptions): Promise<Outcome> {
    signal?.throwIfAborted();
    const { method } = request;
    const body = request.body === undefined ? {} : { body: JSON.stringify(request.body) };
    const abort = new AbortController();
    const onAbort = () => abort.abort();
    signal?.addEventListener("abort", onAbort);
    const timer = setTimeout(onAbort, this.#timeoutMs);
    try {
      const response = await fetch(this.#urlOf(request), {
        method,
        headers: this.#headers(request, idempotencyKey),
        redirect: "manual",
        signal: abort.signal,
        ...body,
      });
      return await readResponse(response, { isRead: method === "GET", secret: this.#token });
    } catch (cause) {
      signal?.throwIfAborted();
      const late = `no answer within ${this.#timeoutMs} ms`;
      const said = abort.signal.aborted ? late : reasonOf(cause);
      return { code: "GOVERNANCE_UNREACHABLE", said, mayPass: true };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #urlOf({ path, query = {} }: Request): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/$/, "")}${path}`;
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #headers({ body }: Request, key: string | undefined): Record<string, string> {
    return {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      ...(key === undefined ? {} : { "idempotency-key": encodeURIComponent(key) }),
    };
  }
}

type Read<T> = (answer: unknown) => T;

export const nothing = (): void => {};

export function readIfThere<T>(read: Read<T>): Read<T | undefined> {
  return (answer) => (answer === undefined ? undefined : read(answer));
}

function understood<T>({ method, path }: Request, read: Read<T>, answer: unknown): T {
  try {
    return read(answer);
  } catch (error) {
    if (!(error instanceof UnexpectedAnswer)) throw error;
    const { expected, actual } = error;
    const endpoint = `${method} ${path}`;
    throw governanceError("GOVERNANCE_UNREADABLE", `${endpoint} answered something else`, {
      operation: endpoint,
      expected,
      actual,
      details: ADVICE.GOVERNANCE_UNREADABLE,
    });
  }
}

/** An id as one part of a path. */
export function segment(id: string): string {
  if (id !== "" && id !== "." && id !== "..") return encodeURIComponent(id);
  throw governanceError("GOVERNANCE_INVALID", "an id cannot be part of an address", {
    operation: "address",
    expected: "text other than `.` and `..`",
    actual: JSON.stringify(id),
  });
}

function failureOf(
  { method, path }: Request,
  { code, said, mayPass }: Exclude<Outcome, { answer: unknown }>,
  tries: number,
): StreamingError {
  const endpoint = `${method} ${path}`;
  return governanceError(code, `${endpoint}: ${said}`, {
    operation: endpoint,
    expected: "an answer of the governance service",
    actual: tries === 1 ? said : `${said}, after ${tries} tries`,
    details: ADVICE[code],
    retryable: mayPass,
  });
}

const ADVICE: Partial<Record<StreamingErrorCode, string>> = {
  GOVERNANCE_CONFLICT: "versions are never replaced: raise the version",
  GOVERNANCE_REFUSED: "look at the base URL, the token and what was sent",
  GOVERNANCE_UNREACHABLE: "see whether the service is up; an observer goes on by itself",
  GOVERNANCE_UNREADABLE: "is the base URL that of a governance service?",
};

function baseOf(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const expected = "an http or https address without user and password";
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw wrongOption("baseUrl", expected, url?.protocol ?? "no address");
  }
  if (url.username !== "" || url.password !== "") {
    throw wrongOption("baseUrl", expected, "one with credentials");
  }
  return url;
}

function wrongOption(field: string, expected: string, actual: string): StreamingError {
  const said = { operation: "configure", field, expected, actual };
  return governanceError("CONFIG_VALUE", `${field} of the governance service cannot be used`, said);
}

/** `fetch failed` hides what happened in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code: unknown = Reflect.get(cause, "code");
  return typeof code === "string" ? code : cause.message;
}
