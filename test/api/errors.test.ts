import { expect, test } from "vitest";
import {
  StreamingError,
  StreamingFormatNotSupportedError,
  StreamingInterventionError,
  StreamingQueryError,
  StreamingValidationError,
} from "../../ts/errors.ts";
import { toError, unwrap } from "../../ts/failure.ts";
import type { NativeFailure } from "../../ts/native.ts";
import { failure, verdict } from "./support/samples.ts";

const classes = {
  validation: StreamingValidationError,
  format: StreamingFormatNotSupportedError,
  query: StreamingQueryError,
  intervention: StreamingInterventionError,
};

test.each(Object.entries(classes))("a %s failure is its class", (kind, expected) => {
  const error = toError(failure({ kind: kind as keyof typeof classes, verdict: verdict() }));
  expect(error.constructor).toBe(expected);
  expect(error.name).toBe(expected.name);
  expect(expected.is(error)).toBe(true);
  expect(expected.is(error, "DELTA_STORE")).toBe(true);
  expect(expected.is(error, "DELTA_LOG_GAP")).toBe(false);
  expect(StreamingError.is(error)).toBe(true);
});

test("an intervention is a query error, and a query error is no intervention", () => {
  const intervention = toError(failure({ kind: "intervention", verdict: verdict() }));
  expect(StreamingQueryError.is(intervention)).toBe(true);
  expect(StreamingInterventionError.is(toError(failure()))).toBe(false);
  expect(intervention).toMatchObject({ verdict: { batchUuid: "u-1" } });
});

test.each([null, undefined, "StreamingError", new Error("no"), { code: "DELTA_STORE" }])(
  "%s is no StreamingError",
  (value) => {
    expect(StreamingError.is(value)).toBe(false);
  },
);

test("an error of another copy of the package is recognised", () => {
  const error = toError(failure());
  const other = Object.create(Error.prototype, Object.getOwnPropertyDescriptors(error));
  const kinds = Symbol.for("headgate.errorKinds");
  Object.defineProperty(other, kinds, { value: Reflect.get(error, kinds) });
  expect(other instanceof StreamingError).toBe(false);
  expect(StreamingQueryError.is(other)).toBe(true);
});

test("causes become a chain, the nearest first", () => {
  const { cause } = toError(failure()) as { cause: Error };
  expect(cause.message).toBe("put failed");
  expect((cause.cause as Error).message).toBe("connection reset");
});

test("the full traceback holds code, context and every cause", () => {
  const text = toError(failure({ nodeName: "events", field: "output.path" })).getFullTraceback();
  for (const part of [
    ...["[DELTA_STORE] StreamingQueryError: cannot write the log", "operation: commit"],
    ...["nodeName: events", "field: output.path"],
    ...["Caused by: Error: put failed", "Caused by: Error: connection reset"],
  ]) {
    expect(text).toContain(part);
  }
});

test("an error in JSON keeps everything that is not a stack", () => {
  expect(JSON.parse(JSON.stringify(toError(failure({ details: "check the disk" }))))).toEqual({
    name: "StreamingQueryError",
    code: "DELTA_STORE",
    message: "cannot write the log",
    retryable: true,
    context: { operation: "commit", component: "delta", details: "check the disk" },
    causes: ["put failed", "connection reset"],
  });
});

test("the issues of a validation failure are in its message and on the error", () => {
  const missing = { code: "CONFIG_MISSING", expected: "a table", actual: "nothing" };
  const issues = [
    { ...missing, path: ["rejects"], details: "split needs one" },
    { ...missing, path: ["output", "path"] },
  ];
  const error = toError(failure({ kind: "validation", code: "CONFIG_MISSING", issues }));
  expect(error.message).toBe(
    "2 issues\n  rejects: expected a table, got nothing (split needs one)\n  output.path: expected a table, got nothing",
  );
  expect(error).toMatchObject({ issues: [{ field: "rejects" }, { field: "output.path" }] });
});

test("unwrap answers the value, or throws the failure", () => {
  const answer: { report?: number; failure?: NativeFailure } = { report: 1 };
  expect(unwrap(answer, "report")).toBe(1);
  expect(() => unwrap({ ...answer, failure: failure() }, "report")).toThrow("cannot write the log");
  expect(() => unwrap({ ...answer, report: undefined }, "report")).toThrow("neither report");
});
