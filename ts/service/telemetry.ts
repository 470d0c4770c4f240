import type {
  Attributes,
  Context,
  Counter,
  Histogram,
  ObservableGauge,
  ObservableResult,
  Tracer,
} from "@opentelemetry/api";
import { isMapping } from "../contract/expectation.js";
import { packageVersion } from "../package-version.js";
import type { Answer } from "./http/endpoint.js";
import type { Dialect, WrittenVerdict } from "./store/database.js";

const load = () => import("@opentelemetry/api");
type Api = Awaited<ReturnType<typeof load>>;

/** How far the log of an output was read. */
export interface LakeProgress {
  dataset: string;
  next_version: number;
}

/** What the service tells OpenTelemetry, if there is one. */
export interface Telemetry {
  /** A span and a duration around a request. */
  request(request: Request, route: string, work: () => Promise<Answer>): Promise<Answer>;
  /** A duration around a statement or a transaction. */
  operation<T>(of: { dialect: Dialect; name: string }, work: () => Promise<T>): Promise<T>;
  verdict(written: WrittenVerdict): void;
  /** `read` is asked whenever measurements are collected, until what this answers is called. */
  lakes(read: () => Promise<readonly LakeProgress[]>): () => void;
}

export const NO_TELEMETRY: Telemetry = {
  request: (_, __, work) => work(),
  operation: (_, work) => work(),
  verdict: () => {},
  lakes: () => () => {},
};

/** By the API of OpenTelemetry where it is installed; what it does is up to whoever set it up. */
export async function openTelemetry(): Promise<Telemetry> {
  const api = await load().catch(() => undefined);
  return api === undefined ? NO_TELEMETRY : new OpenTelemetry(api);
}

// Seconds, as the conventions for HTTP and for databases have them: an SDK's own are made for milliseconds.
const OF_REQUESTS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const OF_OPERATIONS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const SYSTEMS: Readonly<Record<Dialect, string>> = { sqlite: "sqlite", postgres: "postgresql" };

class OpenTelemetry implements Telemetry {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #requests: Histogram;
  readonly #operations: Histogram;
  readonly #verdicts: Counter;
  readonly #lakes: ObservableGauge;

  constructor(api: Api) {
    this.#api = api;
    this.#tracer = api.trace.getTracer("headgate", packageVersion());
    const meter = api.metrics.getMeter("headgate", packageVersion());
    const seconds = (name: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { unit: "s", advice: { explicitBucketBoundaries } });
    this.#requests = seconds("http.server.request.duration", OF_REQUESTS);
    this.#operations = seconds("db.client.operation.duration", OF_OPERATIONS);
    this.#verdicts = meter.createCounter("headgate.governance.verdicts", {
      unit: "{verdict}",
      description: "verdicts that were recorded; one that is told again is not counted again",
    });
    this.#lakes = meter.createObservableGauge("headgate.governance.lake.next_version", {
      unit: "{version}",
      description: "the version of an output's log that is read next",
    });
  }

  async request(request: Request, route: string, work: () => Promise<Answer>): Promise<Answer> {
    const { SpanKind, SpanStatusCode, trace, context } = this.#api;
    const named = { "http.request.method": request.method, "http.route": route };
    const parent = this.#parentOf(request);
    const options = { kind: SpanKind.SERVER, attributes: named };
    const span = this.#tracer.startSpan(`${request.method} ${route}`, options, parent);
    const start = performance.now();
    const answer = await context.with(trace.setSpan(parent, span), work);
    const told = { "http.response.status_code": answer.status, ...errorOf(answer) };
    span.setAttributes(told);
    if (answer.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    this.#requests.record(secondsSince(start), { ...named, ...told });
    return answer;
  }

  async operation<T>(
    { dialect, name }: { dialect: Dialect; name: string },
    work: () => Promise<T>,
  ): Promise<T> {
    const named = { "db.system.name": SYSTEMS[dialect], "db.operation.name": name };
    const start = performance.now();
    try {
      const result = await work();
      this.#operations.record(secondsSince(start), named);
      return result;
    } catch (error) {
      this.#operations.record(secondsSince(start), { ...named, "error.type": codeOf(error) });
      throw error;
    }
  }

  verdict({ status, operation, source }: WrittenVerdict): void {
    this.#verdicts.add(1, {
      "headgate.verdict.status": status,
      "headgate.verdict.operation": operation,
      "headgate.verdict.source": source,
    });
  }

  lakes(read: () => Promise<readonly LakeProgress[]>): () => void {
    const observe = async (result: ObservableResult) => {
      for (const { dataset, next_version: next } of await read()) {
        result.observe(next, { "headgate.dataset": dataset });
      }
    };
    this.#lakes.addCallback(observe);
    return () => this.#lakes.removeCallback(observe);
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

function secondsSince(start: number): number {
  return (performance.now() - start) / 1_000;
}

/** The code that was answered; the status where there is none. */
function errorOf({ status, body }: Answer): Attributes {
  const code = isMapping(body) ? body.code : undefined;
  if (status < 400 || (status < 500 && typeof code !== "string")) return {};
  return { "error.type": typeof code === "string" ? code : String(status) };
}

/** Of a database its own code, such as `23505`, before ours for all of its faults. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER";
  const codes = [error.cause, error].map((each) =>
    each instanceof Error ? Reflect.get(each, "code") : undefined,
  );
  return String(codes.find((code) => typeof code === "string") ?? error.name);
}
