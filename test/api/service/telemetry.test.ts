import {
  type Attributes,
  type Context,
  context,
  metrics,
  propagation,
  type Span,
  type SpanOptions,
  trace,
} from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";
import { testService } from "./support/service.ts";

interface Told {
  name: string;
  attributes: Attributes;
  isEnded: boolean;
}

/** What a set-up of OpenTelemetry would export. */
function recording() {
  const spans: Told[] = [];
  const durations: Attributes[] = [];
  const parents: unknown[] = [];
  const startSpan = (name: string, options: SpanOptions = {}, parent?: Context) => {
    const told: Told = { name, attributes: { ...options.attributes }, isEnded: false };
    spans.push(told);
    parents.push(parent?.getValue(KEY));
    return {
      setAttributes: (more: Attributes) => Object.assign(told.attributes, more),
      setStatus: () => {},
      end: () => {
        told.isEnded = true;
      },
    } as unknown as Span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as never });
  const createHistogram = () => ({
    record: (_: number, attributes: Attributes) => durations.push(attributes),
  });
  metrics.setGlobalMeterProvider({ getMeter: () => ({ createHistogram }) as never });
  propagation.setGlobalPropagator({
    extract: (from, carrier, getter) => from.setValue(KEY, getter.get(carrier, "traceparent")),
    inject: () => {},
    fields: () => ["traceparent"],
  });
  return { spans, durations, parents };
}
const KEY = Symbol("parent");

afterEach(() => {
  for (const api of [trace, metrics, propagation, context]) api.disable();
});

test("a request is a span and a duration by its route, without what was sent", async () => {
  const { spans, durations, parents } = recording();
  const service = await testService();
  const headers = { traceparent: "00-1-2-01" };
  await fetch(`${service.url}/contracts/secret%20name/latest`, { headers });
  await service.stop();
  const route = "/contracts/{contract_id}/latest";
  const attributes = {
    "http.request.method": "GET",
    "http.route": route,
    "http.response.status_code": 404,
  };
  expect(spans).toEqual([{ name: `GET ${route}`, attributes, isEnded: true }]);
  expect(durations).toEqual([attributes]);
  expect(parents).toEqual(["00-1-2-01"]);
});
