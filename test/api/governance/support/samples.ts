import type { StreamingBatch } from "../../../../ts/batch.ts";
import type { ContractDocument } from "../../../../ts/config/types.ts";
import type { NativeBatch } from "../../../../ts/native.ts";
import { told } from "../../support/observed.ts";

export function contract(version: string, change: object = {}): ContractDocument {
  const properties = [{ name: "speed", logicalType: "number", required: true }];
  return {
    apiVersion: "v3.1.0",
    kind: "DataContract",
    id: "pings",
    version,
    status: "active",
    schema: [{ name: "pings", properties }],
    ...change,
  };
}

export function blocked(batchId: number, change: Partial<NativeBatch> = {}): StreamingBatch {
  const errors = ["required_speed: 3 violations"];
  const metrics = { row_count: 10, "violations.required_speed": 3 };
  const refused = { status: "block" as const, violations: 3, errors, metrics };
  return told(batchId, { ...refused, datasetVersion: undefined, ...change });
}
