import { createHash } from "node:crypto";
import type { ContractDocument } from "../config/types.js";
import { isMapping } from "../contract/expectation.js";
import type { DraftRequest, ObservedSchema, Properties, ReviewRequest } from "./types.js";
import { bumped } from "./versions.js";
import { pipelineOf } from "./wire.js";

/**
 * A draft for people to decide on: every rule as it was, columns that were seen and not described as
 * optional ones, and what was found. Nothing is ever loosened. The same request makes the same draft.
 */
export function draftOf(request: DraftRequest & Partial<ReviewRequest>): ContractDocument {
  const { validation, baseContract, bump = "minor", context } = request;
  const { datasetId, datasetVersion } = request;
  const base = { id: baseContract.id, version: baseContract.version };
  const { errors, warnings, metrics, status, reason } = validation;
  const pipeline = pipelineOf(request.pipelineContext);
  const { schema, added } = withColumns(baseContract.schema, validation.schema);
  const told = {
    dq_feedback: { status, reason, errors, warnings, metrics },
    base_contract: base,
    draft_context: { ...context, ...pipeline },
    provenance: { dataset_id: datasetId, dataset_version: datasetVersion },
    draft_change_log: added.map((field) => ({ field, status: "added" })),
  };
  const from = [datasetVersion, datasetId, pipeline?.pipeline].map(slug).filter(Boolean);
  const digest = createHash("sha256")
    .update(JSON.stringify([base, told]))
    .digest("hex")
    .slice(0, 8);
  const number = bumped(String(baseContract.version ?? "0.0.0"), bump);
  return {
    ...baseContract,
    version: [number, "draft", ...from, digest].join("-"),
    status: "draft",
    schema,
    customProperties: [...kept(baseContract.customProperties, told), ...asProperties(told)],
  };
}

function asProperties(told: Properties): readonly object[] {
  return Object.entries(told).map(([property, value]) => ({ property, value }));
}

/** Those that an earlier draft did not leave. */
function kept(properties: unknown, told: Properties): readonly unknown[] {
  const isOther = (each: unknown) => !isMapping(each) || !(String(each.property) in told);
  return Array.isArray(properties) ? properties.filter(isOther) : [];
}

/** Only where it is plain which object of the contract was seen. */
function withColumns(schema: unknown, seen: ObservedSchema): { schema: unknown; added: string[] } {
  const [object, ...others] = Array.isArray(schema) ? schema : [];
  if (!isMapping(object) || others.length > 0) return { schema, added: [] };
  const properties = Array.isArray(object.properties) ? object.properties.filter(isMapping) : [];
  const names = properties.flatMap(({ name, physicalName }) => [name, physicalName]);
  const added = Object.keys(seen).filter((name) => !names.includes(name));
  const columns = added.map((name) => {
    const physicalType = seen[name]?.odcsType;
    return physicalType === undefined
      ? { name, required: false }
      : { name, physicalType, required: false };
  });
  return { schema: [{ ...object, properties: [...properties, ...columns] }], added };
}

function slug(text: unknown): string {
  return String(text ?? "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
