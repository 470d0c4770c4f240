import { createHash } from "node:crypto";
import type { ContractDocument } from "../config/types.js";
import { isMapping } from "../contract/expectation.js";
import { violationsOf } from "./judge.js";
import type { DraftRequest, ObservedSchema, Properties, ReviewRequest } from "./types.js";
import { bumped } from "./versions.js";
import { defined, pipelineOf, writeSchema } from "./wire.js";

/**
 * A draft for people to decide on: every rule as it was, columns that were seen and not described as
 * optional ones, and what was found. Nothing is ever loosened. The same request makes the same draft.
 */
export function draftOf(request: DraftRequest & Partial<ReviewRequest>): ContractDocument {
  const { validation, baseContract, bump = "minor", context } = request;
  const base = { id: baseContract.id, version: baseContract.version };
  const dataset = defined({
    dataset_id: request.datasetId,
    dataset_version: request.datasetVersion,
  });
  const pipeline = pipelineOf(request.pipelineContext);
  const { schema, added } = withColumns(baseContract.schema, validation.schema);
  const { errors, warnings, metrics, status, reason } = validation;
  const measured = { metrics, schema: writeSchema(validation.schema) };
  const violations = validation.details.violations ?? violationsOf(validation);
  const told = defined({
    dq_feedback: { status, reason, errors, warnings, ...measured, violations },
    validation_metrics: measured,
    base_contract: base,
    validation_outcome: { errors, warnings },
    draft_context: defined({
      ...context,
      ...pipeline,
      ...partsOf(pipeline?.pipeline),
      io: request.operation,
      ...dataset,
    }),
    draft_pipeline: pipeline?.pipeline,
    provenance: dataset,
    validation_reference: dataset,
    draft_change_log: [
      ...added.map((field) => ({ field, status: "added" })),
      ...rulesOf(schema).map((rule) => ({ ...rule, status: "kept" })),
      ...(errors.length > 0 ? [{ status: "error", kind: "validation", messages: errors }] : []),
    ],
  });
  const from = [request.datasetVersion, request.datasetId, pipeline?.pipeline];
  const digest = createHash("sha256")
    .update(JSON.stringify([base, told]))
    .digest("hex")
    .slice(0, 8);
  const number = bumped(String(baseContract.version ?? "0.0.0"), bump);
  return {
    ...baseContract,
    version: [number, "draft", ...from.map(slug).filter(Boolean), digest].join("-"),
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

/** `rides.orders_ingest` is a function of a module. */
function partsOf(pipeline: unknown): Properties {
  const [, module, name] = /^(.+)\.([^.]+)$/.exec(String(pipeline ?? "")) ?? [];
  return defined({ module, function: name });
}

/** The rules that stand with a column. */
function rulesOf(schema: unknown): { field: unknown; rule: string }[] {
  const listed = (value: unknown) => (Array.isArray(value) ? value.filter(isMapping) : []);
  return listed(schema).flatMap(({ properties }) =>
    listed(properties).flatMap(({ name, quality }) =>
      listed(quality).map((rule) => ({ field: name, rule: ruleName(rule) })),
    ),
  );
}

function ruleName({ rule, metric, ...said }: Properties): string {
  const [operator = ""] = Object.keys(said).filter((key) => key.startsWith("must"));
  return String(rule ?? metric ?? `${operator} ${String(said[operator] ?? "")}`.trim());
}

function slug(text: unknown): string {
  return String(text ?? "")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
