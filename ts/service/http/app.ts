import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { getPath } from "hono/utils/url";
import type { Telemetry } from "../telemetry.js";
import { checkText, readJson } from "./body.js";
import type { Answer, Endpoint, EndpointShape } from "./endpoint.js";
import { answerOf, HttpFault, refused } from "./faults.js";
import type { Guard } from "./guard.js";

export interface AppOptions {
  guard: Guard;
  maxBodyBytes: number;
  /** Of one request. */
  timeoutMs: number;
  telemetry: Telemetry;
  /** Told of every request once it was answered. */
  onAnswer(request: AnsweredRequest): void;
}

/** Without what was sent: the path's template, not the path. */
export interface AnsweredRequest {
  requestId: string;
  method: string;
  route: string;
  status: number;
  durationMs: number;
  token?: string;
  /** What nobody foresaw. */
  error?: unknown;
}

const MAX_KEY = 1_024;

/** The endpoints as one function from request to response. */
export function appOf(endpoints: readonly Endpoint[], options: AppOptions): Hono {
  const app = new Hono({ getPath: pathOf(endpoints) });
  const methods = new Map<string, string[]>();
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/\{(\w+)\}/g, ":$1");
    methods.set(path, [...(methods.get(path) ?? []), endpoint.method]);
    app.on(endpoint.method, path, (context) => answered(context, endpoint, options));
  }
  for (const [path, allowed] of methods) {
    const shape = { method: "GET", path, scope: "open" } as const;
    app.all(path, (context) =>
      told(context, shape, options, async () => {
        throw new HttpFault(405, "Method Not Allowed", { allow: allowed.join(", ") });
      }),
    );
  }
  app.notFound((context) =>
    told(context, { path: "*", scope: "open" }, options, async () => ({
      status: 404,
      body: { detail: "Not Found" },
    })),
  );
  return app;
}

/** With the slashes of a parameter that may hold them encoded. By comparison: a pattern could take quadratic time. */
function pathOf(endpoints: readonly Endpoint[]): (request: Request) => string {
  const shapes = endpoints.flatMap(({ path, slashes }) => {
    const parts = path.split("/");
    const at = parts.indexOf(`{${slashes}}`);
    return at < 0 ? [] : [{ before: parts.slice(0, at), after: parts.slice(at + 1) }];
  });
  shapes.sort((a, b) => b.after.length - a.after.length);
  return (request) => {
    const path = getPath(request);
    const parts = path.split("/");
    const shape = shapes.find(
      ({ before, after }) =>
        parts.length > before.length + after.length &&
        before.every((part, at) => part === parts[at]) &&
        after.every((part, at) => part.startsWith("{") || part === parts.at(at - after.length)),
    );
    if (shape === undefined) return path;
    const [from, to] = [shape.before.length, parts.length - shape.after.length];
    const whole = parts.slice(from, to).join("%2F");
    return [...parts.slice(0, from), whole, ...parts.slice(to)].join("/");
  };
}

function answered(context: Context, endpoint: Endpoint, options: AppOptions): Promise<Response> {
  return told(context, endpoint, options, async () => {
    const { raw } = context.req;
    const key = raw.headers.get("idempotency-key") ?? undefined;
    const params = parse("path", endpoint.params, plainParams(context));
    const query = parse("query", endpoint.query, plainQuery(new URL(raw.url).searchParams));
    const sent = endpoint.body && (await readJson(raw, options.maxBodyBytes));
    const body = parse("body", endpoint.body, sent);
    for (const parsed of [params, query, body]) if ("refused" in parsed) return parsed.refused;
    const asked = { params: params.value, query: query.value, body: body.value };
    return within(options.timeoutMs, (signal) => {
      const call = { signal, ...(key !== undefined && { idempotencyKey: keyOf(key) }) };
      return endpoint.handle({ ...asked, call });
    });
  });
}

/** Admits, answers, measures and logs a request. */
async function told(
  context: Context,
  shape: Pick<EndpointShape, "path" | "scope">,
  { guard, telemetry, onAnswer }: AppOptions,
  work: () => Promise<Answer>,
): Promise<Response> {
  const { raw } = context.req;
  const start = performance.now();
  const requestId = randomUUID();
  let token: string | undefined;
  let failure: unknown;
  const answer = await telemetry.request(raw, shape.path, async () => {
    try {
      token = guard.admit(raw, shape.scope);
      return await work();
    } catch (error) {
      failure = error;
      return answerOf(error);
    }
  });
  const durationMs = performance.now() - start;
  const { status } = answer;
  const error = status >= 500 ? failure : undefined;
  const said = { requestId, method: raw.method, route: shape.path, status, durationMs };
  onAnswer({
    ...said,
    ...(token !== undefined && { token }),
    ...(error !== undefined && { error }),
  });
  return responseOf(context, answer, requestId);
}

function responseOf(context: Context, { status, body, headers }: Answer, id: string): Response {
  const all = {
    "x-request-id": id,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...headers,
  };
  if (body === undefined) return context.body(null, status as ContentfulStatusCode, all);
  const type = { "content-type": "application/json" };
  return context.body(JSON.stringify(body), status as ContentfulStatusCode, { ...all, ...type });
}

/** The timer goes with the answer: what waits for it would keep the answer in memory as long. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new HttpFault(503, "it took too long", { "retry-after": "5" }));
      abort.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

type Parsed = { value: unknown } | { refused: Answer; value?: undefined };

function parse(where: string, schema: EndpointShape["body"], sent: unknown): Parsed {
  if (schema === undefined) return { value: {} };
  const { success, data, error } = schema.safeParse(sent);
  return success ? { value: data } : { refused: refused(where, error) };
}

function plainParams(context: Context): Record<string, string> {
  const params = context.req.param() as Record<string, string>;
  for (const value of Object.values(params)) checkText(value);
  return params;
}

/** A name that is there several times has a list. */
function plainQuery(search: URLSearchParams): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key);
    for (const value of values) checkText(value);
    const [first = "", ...others] = values;
    Object.defineProperty(query, key, {
      value: others.length === 0 ? first : values,
      enumerable: true,
    });
  }
  return query;
}

/** As our clients send it: percent-encoded, so that any text is a header's value. */
function keyOf(header: string): string {
  if (header.length > MAX_KEY)
    throw new HttpFault(400, `the idempotency key is over ${MAX_KEY} long`);
  try {
    const key = decodeURIComponent(header);
    checkText(key);
    return key;
  } catch (error) {
    if (error instanceof HttpFault) throw error;
    return header;
  }
}
