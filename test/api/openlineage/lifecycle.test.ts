import { beforeEach, expect, test, vi } from "vitest";
import type { StreamingNodeConfig } from "../../../ts/config/types.ts";
import { StreamingValidationError } from "../../../ts/errors.ts";
import { openLineage } from "../../../ts/openlineage/openlineage.ts";
import { startQuery } from "../../../ts/start.ts";
import { FakeNative } from "../support/fake-native.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { batch, config, failure, verdict } from "../support/samples.ts";
import { problemsOf } from "./schemas.ts";
import { broken, RecordingTransport } from "./support.ts";

let engine: FakeNative;
let transport: RecordingTransport;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
  transport = new RecordingTransport();
});

const { logger } = recordingLogger();

function start(change: Partial<StreamingNodeConfig> = {}) {
  const observers = [openLineage({ namespace: "ingest", transport, throttleMs: 60_000 })];
  return startQuery({ ...config, ...change }, { logger, observers });
}

test("a query that comes to its end is complete", async () => {
  const query = await start();
  engine.query.log.put({ batch: batch(4) });
  engine.query.log.put({ batch: batch(5) });
  engine.query.end();
  await query.awaitTermination();
  expect(transport.types).toEqual(["START", "RUNNING", "COMPLETE"]);
  expect(transport.events.map(({ run }) => run.runId)).toEqual(Array(3).fill(query.runId));
  expect(transport.events.flatMap(problemsOf)).toEqual([]);
  expect(engine.query.cursors).toEqual({ openlineage: 5 });
});

test("a query that is stopped is aborted", async () => {
  const query = await start();
  engine.query.log.put({ batch: batch(4) });
  await query.stop();
  expect(transport.types).toEqual(["START", "RUNNING", "ABORT"]);
});

test.each([
  [failure(), "[DELTA_STORE] cannot write the log"],
  [
    failure({
      ...{ kind: "intervention", code: "INTERVENTION_BLOCKED", message: "too many bad rows" },
      verdict: verdict({ status: "block" }),
    }),
    "[INTERVENTION_BLOCKED] too many bad rows",
  ],
])("a query that fails says why", async (cause, message) => {
  const query = await start();
  const rules = [broken("minimum_speed", { column: "speed", violations: 5 })];
  engine.query.log.put({ batch: batch(4, { status: "block", rules }) });
  engine.query.end(cause);
  await query.awaitTermination().catch(() => {});
  expect(transport.types).toEqual(["START", "RUNNING", "FAIL"]);
  expect(transport.last.run.facets).toMatchObject({
    errorMessage: { message, programmingLanguage: "Rust" },
    test: { tests: [{ name: "minimum_speed", status: "fail" }] },
  });
  expect(problemsOf(transport.last)).toEqual([]);
});

test("a service that is down is told all when it is back, each event once", async () => {
  const query = await start();
  transport.refusals = 2;
  engine.query.log.put({ batch: batch(4) });
  await vi.waitFor(() => expect(engine.query.cursors).toEqual({ openlineage: 4 }), 10_000);
  engine.query.end();
  await query.awaitTermination();
  expect(transport.types).toEqual(["START", "RUNNING", "COMPLETE"]);
  expect(query.toJSON()).toMatchObject({ observerFailures: 2 });
});

test("what is held when the end is not taken is told by the next run", async () => {
  const query = await start();
  engine.query.log.put({ batch: batch(4) });
  engine.query.log.put({ batch: batch(5) });
  await vi.waitFor(() => expect(transport.types).toEqual(["START", "RUNNING"]), 10_000);
  transport.refusals = 1;
  engine.query.end();
  await query.awaitTermination();
  expect(engine.query.cursors).toEqual({ openlineage: 4 });
});

test("no option of the configuration enters an event", async () => {
  const options = {
    ...config.input.options,
    "kafka.sasl.jaas.config": 'password="hunter2"',
    "kafka.ssl.key.password": "hunter2",
  };
  const store = { AWS_SECRET_ACCESS_KEY: "hunter2" };
  const path = "s3://bucket/events?X-Amz-Signature=hunter2";
  const query = await start({
    input: { ...config.input, options },
    output: { format: "delta", path, options: store },
    deadLetters: { format: "delta", path: "lake/dead", options: store },
  });
  engine.query.log.put({ batch: batch(4) });
  engine.query.end();
  await query.awaitTermination();
  expect(transport.events).toHaveLength(3);
  expect(JSON.stringify(transport.events)).not.toContain("hunter2");
  expect(transport.last.outputs[0]).toMatchObject({ namespace: "s3://bucket", name: "events" });
});

test.each([
  [{ namespace: " " }, "namespace"],
  [{ throttleMs: -1 }, "throttleMs"],
  [{ throttleMs: Number.NaN }, "throttleMs"],
  [{ parent: { job: { namespace: "a", name: "b" }, run: { runId: "b-1" } } }, "parent.run.runId"],
])("what no receiver could take is refused: %j", (change, field) => {
  const make = () => openLineage({ namespace: "ingest", transport, ...change });
  expect(make).toThrow(field);
  try {
    make();
  } catch (error) {
    expect(StreamingValidationError.is(error, "CONFIG_VALUE")).toBe(true);
  }
});
