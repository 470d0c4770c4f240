import type { Context, Meter, Tracer } from "@opentelemetry/api";
import { packageVersion } from "../package-version.js";
import type { Answer } from "./http/endpoint.js";

const load = () => import("@opentelemetry/api");
type Api = Awaited<ReturnType<typeof load>>;

/** What the service tells OpenTelemetry, if there is one. */
export interface Telemetry {
  /** A span and a duration around a request. */
  request(request: Request, route: string, work: () => Promise<Answer>): Promise<Answer>;
}

export const NO_TELEMETRY: Telemetry = { request: (_, __, work) => work() };

/** By the API of OpenTelemetry where it is installed; what it does is up to whoever set it up. */
export async function openTelemetry(): Promise<Telemetry> {
  const api = await load().catch(() => undefined);
  return api === undefined ? NO_TELEMETRY : new OpenTelemetry(api);
}

class OpenTelemetry implements Telemetry {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #duration: ReturnType<Meter["createHistogram"]>;

  constructor(api: Api) {
    this.#api = api;
    this.#tracer = api.trace.getTracer("headgate", packageVersion());
    // Names and unit of OpenTelemetry's conventions for HTTP.
    this.#duration = api.metrics
      .getMeter("headgate", packageVersion())
      .createHistogram("http.server.request.duration", { unit: "s" });
  }

  async request(request: Request, route: string, work: () => Promise<Answer>): Promise<Answer> {
    const { SpanKind, SpanStatusCode, trace, context } = this.#api;
    const named = { "http.request.method": request.method, "http.route": route };
    const parent = this.#parentOf(request);
    const options = { kind: SpanKind.SERVER, attributes: named };
    const span = this.#tracer.startSpan(`${request.method} ${route}`, options, parent);
    const start = performance.now();
    const answer = await context.with(trace.setSpan(parent, span), work);
    const told = { "http.response.status_code": answer.status };
    span.setAttributes(told);
    if (answer.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    this.#duration.record((performance.now() - start) / 1_000, { ...named, ...told });
    return answer;
  }

  #parentOf(request: Request): Context {
    const { propagation, context } = this.#api;
    const getter = {
      get: (headers: Headers, key: string) => headers.get(key) ?? undefined,
      keys: (headers: Headers) => [...headers.keys()],
    };
    return propagation.extract(context.active(), request.headers, getter);
  }
}
