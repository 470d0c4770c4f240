import type { LineageTransport } from "./event.js";
import { refused } from "./options.js";

export interface HttpTransportOptions {
  /** Of the service: events are posted to `api/v1/lineage` below it. */
  url: string;
  /** Sent as a bearer token. */
  apiKey?: string;
  /** For one event. Default: 5,000. */
  timeoutMs?: number;
}

const PATH = "api/v1/lineage";
const TIMEOUT_MS = 5_000;
/** Of what the service says to an event that it does not take. */
const MAX_ANSWER_CHARS = 200;

/**
 * Posts each event to a service such as Marquez. Whatever it answers but 2xx is an error with its
 * status, 4xx, too: the event is posted again, since one that was left out would be lost in silence.
 */
export function httpTransport(options: HttpTransportOptions): LineageTransport {
  const { apiKey, timeoutMs = TIMEOUT_MS } = options;
  const address = addressOf(options.url);
  const headers = headersOf(apiKey);
  if (!(timeoutMs > 0)) throw refused("timeoutMs", "milliseconds, over 0", `${timeoutMs}`);
  return {
    emit: (event, { signal }) =>
      withDeadline(signal, timeoutMs, async (signal) => {
        const body = JSON.stringify(event);
        // A redirected POST would arrive without its event.
        const request = { method: "POST", headers, body, redirect: "manual", signal } as const;
        const response = await fetch(address, request).catch((cause: unknown) => {
          throw new Error(`${address}: ${reasonOf(cause, signal)}`, { cause });
        });
        const answer = response.ok ? "" : await response.text().catch(() => "");
        await response.body?.cancel().catch(() => {});
        if (response.ok) return;
        const said = answer.replace(/\p{Cc}+/gu, " ").slice(0, MAX_ANSWER_CHARS);
        throw new Error(`${address}: answered ${response.status} ${said}`.trimEnd());
      }),
  };
}

function addressOf(url: string): URL {
  const expected = "an http:// or https:// address without credentials or a query";
  if (!URL.canParse(url)) throw refused("url", expected, "something else");
  const base = new URL(url);
  const isHttp = base.protocol === "http:" || base.protocol === "https:";
  if (!isHttp) throw refused("url", expected, base.protocol);
  if (base.username || base.password) throw refused("url", expected, "one with credentials");
  if (base.search) throw refused("url", expected, "one with a query");
  const folder = base.pathname.endsWith("/") ? base.pathname : `${base.pathname}/`;
  return new URL(`${folder}${PATH}`, base.origin);
}

/** Checked here, since the error of a header shows its value. */
function headersOf(apiKey: string | undefined): Record<string, string> {
  const headers = { "content-type": "application/json" };
  if (apiKey === undefined) return headers;
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw refused("apiKey", "printable characters without spaces", "others, or none");
  }
  return { ...headers, authorization: `Bearer ${apiKey}` };
}

/** Runs `work` until `signal` aborts or the time has passed. */
async function withDeadline<T>(
  signal: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  const onDeadline = () => controller.abort(new Error(`no answer within ${timeoutMs} ms`));
  const timer = setTimeout(onDeadline, timeoutMs);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  const thrown = signal.aborted ? signal.reason : error;
  if (!(thrown instanceof Error)) return `${thrown}`;
  const { cause } = thrown;
  return cause instanceof Error ? `${thrown.message}: ${cause.message}` : thrown.message;
}
