import {
  type Attributes,
  type Context,
  context,
  metrics,
  type ObservableCallback,
  propagation,
  type Span,
  type SpanOptions,
  trace,
} from "@opentelemetry/api";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { governanceObserver, httpGovernance } from "../../../ts/governance.ts";
import type { Database, Session } from "../../../ts/service/store/database.ts";
import { storeFault } from "../../../ts/service/store/fault.ts";
import { measured } from "../../../ts/service/store/measured.ts";
import { openTelemetry } from "../../../ts/service/telemetry.ts";
import { blocked, contract } from "../governance/support/samples.ts";
import { ctx, told } from "../support/observed.ts";
import { type TestService, testService } from "./support/service.ts";

interface Told {
  name: string;
  attributes: Attributes;
  isEnded: boolean;
}

interface Measured {
  name: string;
  value: number;
  attributes: Attributes;
}

/** What a set-up of OpenTelemetry would export. */
function recording() {
  const spans: Told[] = [];
  const values: Measured[] = [];
  const parents: unknown[] = [];
  const boundaries = new Map<string, number[] | undefined>();
  const callbacks = new Map<string, Set<ObservableCallback>>();
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
  const taking = (name: string) => (value: number, attributes: Attributes) => {
    values.push({ name, value, attributes });
  };
  const meter = {
    createHistogram: (
      name: string,
      { advice }: { advice?: { explicitBucketBoundaries?: number[] } },
    ) => {
      boundaries.set(name, advice?.explicitBucketBoundaries);
      return { record: taking(name) };
    },
    createCounter: (name: string) => ({ add: taking(name) }),
    createObservableGauge: (name: string) => {
      const own = new Set<ObservableCallback>();
      callbacks.set(name, own);
      return {
        addCallback: (each: ObservableCallback) => own.add(each),
        removeCallback: (each: ObservableCallback) => own.delete(each),
      };
    },
  };
  metrics.setGlobalMeterProvider({ getMeter: () => meter as never });
  propagation.setGlobalPropagator({
    extract: (from, carrier, getter) => from.setValue(KEY, getter.get(carrier, "traceparent")),
    inject: () => {},
    fields: () => ["traceparent"],
  });
  return {
    spans,
    parents,
    boundaries,
    of: (name: string) => values.filter((each) => each.name === name),
    /** What a gauge says now. */
    async observed(name: string): Promise<Measured[]> {
      const seen: Measured[] = [];
      const observe = (value: number, attributes: Attributes = {}) =>
        seen.push({ name, value, attributes });
      for (const callback of callbacks.get(name) ?? []) await callback({ observe } as never);
      return seen;
    },
  };
}
const KEY = Symbol("parent");
const REQUESTS = "http.server.request.duration";
const OPERATIONS = "db.client.operation.duration";
const VERDICTS = "headgate.governance.verdicts";
const LAKES = "headgate.governance.lake.next_version";

let heard: ReturnType<typeof recording>;
let service: TestService;
beforeEach(() => {
  heard = recording();
});
afterEach(async () => {
  await service.stop();
  for (const api of [trace, metrics, propagation, context]) api.disable();
});

const pings = { contractId: "pings", contractVersion: "1.0.0" };

test("a request is a span and a duration by its route, without what was sent", async () => {
  service = await testService();
  const headers = { traceparent: "00-1-2-01" };
  await fetch(`${service.url}/contracts/secret%20name/latest`, { headers });
  const route = "/contracts/{contract_id}/latest";
  const attributes = {
    "http.request.method": "GET",
    "http.route": route,
    "http.response.status_code": 404,
  };
  expect(heard.spans).toEqual([{ name: `GET ${route}`, attributes, isEnded: true }]);
  expect(heard.of(REQUESTS)).toEqual([{ name: REQUESTS, value: expect.any(Number), attributes }]);
  expect(heard.parents).toEqual(["00-1-2-01"]);
});

test("durations have buckets of seconds", async () => {
  service = await testService();
  for (const name of [REQUESTS, OPERATIONS]) {
    const [first = 1, ...others] = heard.boundaries.get(name) ?? [];
    expect([first < 0.01, others.at(-1)]).toEqual([true, 10]);
  }
});

test("what is refused is counted by its code", async () => {
  service = await testService();
  const put = "/contracts/pings/versions/1.0.0";
  for (const name of ["a", "b"]) await service.send("PUT", put, contract("1.0.0", { name }));
  const codes = heard.of(REQUESTS).map(({ attributes }) => attributes["error.type"]);
  expect(codes).toEqual([undefined, "GOVERNANCE_CONFLICT"]);
});

test("verdicts are counted by status, one that is told again once", async () => {
  service = await testService();
  const { contracts, governance } = httpGovernance({ baseUrl: service.url });
  await contracts.put(contract("1.0.0"));
  const observer = governanceObserver(governance, { dataset: "rides.pings", contract: pings });
  for (const batch of [told(1), blocked(2), blocked(2)]) await observer.tell(batch, ctx);
  const said = (status: string) => ({
    name: VERDICTS,
    value: 1,
    attributes: {
      "headgate.verdict.status": status,
      "headgate.verdict.operation": "write",
      "headgate.verdict.source": "client",
    },
  });
  expect(heard.of(VERDICTS)).toEqual([said("ok"), said("block")]);
});

test("statements and transactions of the database have durations by kind", async () => {
  service = await testService();
  const link = { dataset_id: "a", dataset_version: "1", contract_id: "b", contract_version: "2" };
  await service.send("POST", "/governance/link", link);
  await service.get("/v1/datasets");
  const kinds = heard.of(OPERATIONS).map(({ attributes, value }) => {
    expect([attributes["db.system.name"], value >= 0 && value < 10]).toEqual(["sqlite", true]);
    return attributes["db.operation.name"];
  });
  expect(kinds).toEqual(["INSERT", "INSERT", "TRANSACTION", "SELECT"]);
});

test("a statement that fails has the code of the database", async () => {
  service = await testService();
  const before = heard.of(OPERATIONS).length;
  const database = measured(
    {
      dialect: "postgres",
      write: async () => {
        throw storeFault("write", "", Object.assign(new Error("x"), { code: "40001" }));
      },
    } as unknown as Database,
    await openTelemetry(),
  );
  await expect(database.write(async () => {})).rejects.toThrow();
  expect(heard.of(OPERATIONS).slice(before)).toEqual([
    {
      name: OPERATIONS,
      value: expect.any(Number),
      attributes: {
        "db.system.name": "postgresql",
        "db.operation.name": "TRANSACTION",
        "error.type": "40001",
      },
    },
  ]);
});

test("of a try that was not committed no verdict is counted", async () => {
  service = await testService();
  const note = async (session: Session) =>
    session.note?.({ status: "ok", operation: "write", source: "client" });
  const database = measured(
    {
      dialect: "postgres",
      write: async (work: (session: Session) => Promise<unknown>) => {
        await work({} as Session);
        return work({} as Session);
      },
    } as unknown as Database,
    await openTelemetry(),
  );
  await database.write(note);
  expect(heard.of(VERDICTS)).toHaveLength(1);
});

test("how far each lake was read is there until the service stops", async () => {
  const page = { address: "file:///lake", entries: [], next: 7, isEnd: true };
  service = await testService({
    lakes: [{ table: "lake/pings", dataset: "rides.pings" }],
    ledgers: { read: async () => page },
  });
  await vi.waitFor(async () => {
    expect(await heard.observed(LAKES)).toEqual([
      { name: LAKES, value: 7, attributes: { "headgate.dataset": "rides.pings" } },
    ]);
  });
  await service.stop();
  expect(await heard.observed(LAKES)).toEqual([]);
  service = await testService();
});
