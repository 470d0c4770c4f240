import { vi } from "vitest";
import type { NativeBinding } from "../../../../ts/native.ts";
import { contractDocument } from "../../../support/contract-document.ts";
import type { FakeNative } from "../../support/fake-native.ts";

export const sent = contractDocument("events", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    { name: "value", logicalType: "integer", required: true },
  ],
});

export const processed = contractDocument("events_processed", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    { name: "value", logicalType: "integer", required: true },
    { name: "flag", logicalType: "string", required: true },
    { name: "note", logicalType: "string" },
  ],
});

export const input = { format: "rate" };
export const output = { format: "delta", path: "lake/events" };

/** Plans as the engine does; what is started is a test's. */
export async function plansAndFakes(engine: FakeNative): Promise<NativeBinding> {
  const real = await vi.importActual<typeof import("../../../../ts/native.ts")>(
    "../../../../ts/native.ts",
  );
  const { planStream, checkContract } = real.native();
  return { ...engine.binding, planStream, checkContract };
}

/** The error of a promise that has to fail. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error,
  );
}

/** The error of a call that has to throw. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}
