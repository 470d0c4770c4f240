// The one place that knows how dc43 spells on the wire what these clients name.
import type { ContractDocument } from "../config/types.js";
import { isMapping } from "../contract/expectation.js";
import type { Metrics } from "../verdict.js";
import { readRecordStatus, readStatus, validationWord } from "./status.js";
import type {
  ActivityEvent,
  ActivityRecord,
  ContractKey,
  ContractSelector,
  DatasetRecord,
  DraftRequest,
  EvaluateRequest,
  Evidence,
  Expectation,
  GovernanceContext,
  GovernancePlan,
  MetricRecord,
  Observations,
  ObservedSchema,
  Page,
  PipelineContext,
  PortChange,
  Properties,
  QualityAssessment,
  ReviewRequest,
  StatusMatrixEntry,
  Validation,
} from "./types.js";

export type Wire = Readonly<Record<string, unknown>>;

/** Names in snake_case, one level deep; what is undefined is left out. */
export function snaked(value: object): Wire {
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  const spelled = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(present.map(([name, each]) => [spelled(name), each]));
}

/** Names in camelCase, one level deep; what is null is left out. */
export function cameled(value: unknown): Wire {
  const present = Object.entries(mapping(value)).filter(([, each]) => each !== null);
  const spelled = (name: string) => name.replace(/_([a-z0-9])/g, (_, next) => next.toUpperCase());
  return Object.fromEntries(present.map(([name, each]) => [spelled(name), each]));
}

export function mapping(value: unknown): Wire {
  if (isMapping(value)) return value;
  throw new UnexpectedAnswer("an object", value);
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new UnexpectedAnswer("a list", value);
}

export function listOf<T>(read: (value: unknown) => T): (value: unknown) => T[] {
  return (value) => list(value).map(read);
}

export function texts(value: unknown): string[] {
  return list(value).filter((each) => typeof each === "string");
}

/** What was answered has another shape. */
export class UnexpectedAnswer extends Error {
  readonly expected: string;
  readonly actual: string;

  constructor(expected: string, value: unknown) {
    const actual = Array.isArray(value) ? "a list" : value === null ? "null" : typeof value;
    super(`expected ${expected}, got ${actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

const optional = <T, R>(value: T | undefined | null, read: (value: T) => R): R | undefined =>
  value === undefined || value === null ? undefined : read(value);

export function readDocument(value: unknown): ContractDocument {
  return mapping(value) as ContractDocument;
}

export function readPage(value: unknown): Page {
  const { items, total, limit, offset } = mapping(value);
  const ids = texts(items);
  const page = { items: ids, total: Number(total ?? ids.length), offset: Number(offset ?? 0) };
  return typeof limit === "number" ? { ...page, limit } : page;
}

/** dc43 answers `{"contract_version": "<id>:<version>"}`. */
export function readLink(value: unknown): ContractKey | undefined {
  const { contractId, contractVersion } = cameled(value);
  if (typeof contractVersion !== "string") return undefined;
  if (typeof contractId === "string") return { contractId, contractVersion };
  const colon = contractVersion.lastIndexOf(":");
  if (colon < 0) throw new UnexpectedAnswer("a contract as `id:version`", contractVersion);
  const id = contractVersion.slice(0, colon);
  return { contractId: id, contractVersion: contractVersion.slice(colon + 1) };
}

export function readPortChange(value: unknown): PortChange {
  const { product, changed } = mapping(value);
  return { product: readDocument(product), changed: changed === true };
}

export function readExpectation(value: unknown): Expectation {
  return { optional: false, ...cameled(value) } as unknown as Expectation;
}

export function writeSchema(schema: ObservedSchema): Wire {
  return mapValues(schema, (field) => snaked(field as object));
}

function readSchema(value: unknown): ObservedSchema {
  return mapValues(mapping(value ?? {}), cameled) as ObservedSchema;
}

function mapValues(value: object, change: (each: unknown) => unknown): Wire {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]));
}

/** Those that are numbers; the others stay in `details`. */
function readMetrics(value: unknown): Metrics {
  const entries = Object.entries(mapping(value ?? {}));
  return Object.fromEntries(entries.filter(([, each]) => typeof each === "number")) as Metrics;
}

export function writeObservations({ metrics, schema, reused = false }: Observations): Wire {
  return { metrics, schema: optional(schema, writeSchema) ?? null, reused };
}

export function readObservations(value: unknown): Observations {
  const { metrics, schema, reused } = mapping(value);
  const read = { metrics: readMetrics(metrics), reused: reused === true };
  return isMapping(schema) ? { ...read, schema: readSchema(schema) } : read;
}

export function writeValidation({ ok, status, reason, ...said }: Validation): Wire {
  const { errors, warnings, metrics, details } = said;
  const judged = { status: validationWord(status), ...(reason === undefined ? {} : { reason }) };
  const shown = { errors, warnings, metrics, schema: writeSchema(said.schema), ...judged };
  return { ok, reason: null, ...shown, details: { ...details, ...shown } };
}

/** Of some endpoints of dc43 the lists are in `details` only. */
export function readValidation(value: unknown): Validation {
  const wire = mapping(value);
  const details = mapping(wire.details ?? {});
  const isEmpty = (each: unknown) => Object.keys(each ?? {}).length === 0;
  const either = (name: string) => (isEmpty(wire[name]) ? details[name] : wire[name]);
  const errors = texts(either("errors") ?? []);
  const status = readStatus(wire.status ?? details.status);
  const reason = wire.reason ?? details.reason;
  return {
    ok: wire.ok !== false && errors.length === 0 && status !== "block",
    status,
    ...(typeof reason === "string" ? { reason } : {}),
    errors,
    warnings: texts(either("warnings") ?? []),
    metrics: readMetrics(either("metrics")),
    schema: readSchema(either("schema")),
    details,
  };
}

/** `{ pipeline }` of a mere name. */
export function pipelineOf(context: PipelineContext | undefined): Properties | undefined {
  return typeof context === "string" ? { pipeline: context } : context;
}

export function writeContext(context: GovernanceContext): Wire {
  const { contract, ...rest } = context;
  return { ...writeTerms(rest), contract: optional(contract, snaked) ?? null };
}

export function readContext(value: unknown): GovernanceContext {
  const { contract, ...terms } = mapping(value);
  const read = readTerms(terms);
  return isMapping(contract)
    ? { ...read, contract: cameled(contract) as unknown as ContractSelector }
    : read;
}

export function writePlan({ contract, ...terms }: GovernancePlan): Wire {
  return { ...writeTerms(terms), contract };
}

export function readPlan(value: unknown): GovernancePlan {
  const { contract, ...terms } = mapping(value);
  return { ...readTerms(terms), contract: readDocument(contract) } as GovernancePlan;
}

function writeTerms(terms: Omit<GovernanceContext, "contract">): Wire {
  const { inputBinding, outputBinding, pipelineContext, ...rest } = terms;
  const bound = { inputBinding, outputBinding };
  const bindings = snaked(mapValues(bound, (each) => optional(each as object, snaked)));
  return snaked({ ...snaked(rest), ...bindings, pipeline_context: pipelineOf(pipelineContext) });
}

function readTerms(terms: Wire): GovernanceContext {
  const { policy, inputBinding, outputBinding, ...rest } = cameled(terms);
  return {
    ...cameled(policy ?? {}),
    ...rest,
    ...(isMapping(inputBinding) ? { inputBinding: cameled(inputBinding) } : {}),
    ...(isMapping(outputBinding) ? { outputBinding: cameled(outputBinding) } : {}),
  } as GovernanceContext;
}

export function writeEvidence({ validation, observations }: Evidence): Wire {
  return {
    validation: optional(validation, writeValidation) ?? null,
    observations: optional(observations, writeObservations) ?? null,
  };
}

export function readEvidence({ validation, observations }: Wire): Evidence {
  return defined({
    validation: optional(validation, readValidation),
    observations: optional(observations, readObservations),
  });
}

/** This endpoint insists on observations: those of a known outcome are its own. */
export function writeEvaluation(request: EvaluateRequest): Wire {
  const { validation, observations = validation, pipelineContext, ...rest } = request;
  const evidence = writeEvidence(defined({ validation, observations: seen(observations) }));
  return { ...snaked(rest), ...evidence, pipeline_context: pipelineOf(pipelineContext) ?? null };
}

function seen(observations: Observations | undefined): Observations {
  return observations ?? { metrics: {} };
}

export function readEvaluation(value: unknown): EvaluateRequest {
  const { validation, observations, ...rest } = mapping(value);
  const evidence = readEvidence({ validation, observations });
  return { ...cameled(rest), ...evidence } as unknown as EvaluateRequest;
}

export function writeAssessment(assessment: QualityAssessment): Wire {
  const { status, validation, draft, observationsReused } = assessment;
  return {
    status: optional(status, writeValidation) ?? null,
    validation: optional(validation, writeValidation) ?? null,
    draft: draft ?? null,
    observations_reused: observationsReused,
  };
}

export function readAssessment(value: unknown): QualityAssessment {
  const wire = mapping(value);
  const read = {
    status: optional(wire.status, readValidation),
    validation: optional(wire.validation, readValidation),
    draft: optional(wire.draft, readDocument),
  };
  return { ...defined(read), observationsReused: wire.observations_reused === true };
}

export function writeDraftRequest(request: DraftRequest | ReviewRequest): Wire {
  const { validation, pipelineContext, ...rest } = request;
  const dqStatus = "dqStatus" in request ? optional(request.dqStatus, writeValidation) : undefined;
  return snaked({
    ...rest,
    dqStatus,
    validation: writeValidation(validation),
    pipelineContext: pipelineOf(pipelineContext),
  });
}

export function readReviewRequest(value: unknown): ReviewRequest {
  const { validation, dqStatus, ...rest } = cameled(value);
  const read = { ...rest, validation: readValidation(validation) };
  return defined({ ...read, dqStatus: optional(dqStatus, readValidation) }) as ReviewRequest;
}

export function readMatrix(value: unknown): StatusMatrixEntry[] {
  return list(mapping(value).entries).map(readMatrixEntry);
}

function readMatrixEntry(value: unknown): StatusMatrixEntry {
  const { status, ...entry } = cameled(value);
  // A whole validation is there, too, in some versions.
  const word = isMapping(status) ? status.status : status;
  return { ...entry, status: readStatus(word) } as StatusMatrixEntry;
}

export function readMetricRecord(value: unknown): MetricRecord {
  const record = cameled(value);
  return { ...record, metricValue: String(record.metricValue) } as MetricRecord;
}

export function readActivity(value: unknown): ActivityRecord {
  const { events, validationStatus, ...record } = cameled(value);
  return defined({
    ...record,
    events: list(events ?? []).map(readEvent),
    validationStatus: optional(validationStatus, readValidation),
  }) as unknown as ActivityRecord;
}

function readEvent(value: unknown): ActivityEvent {
  const { dqStatus, observationsReused, ...event } = cameled(value);
  const read = { ...event, dqStatus: readStatus(dqStatus) };
  return { ...read, observationsReused: observationsReused === true } as ActivityEvent;
}

export function writeActivity({ events, validationStatus, ...record }: ActivityRecord): Wire {
  return snaked({
    ...record,
    events: events.map(({ dqStatus, ...event }) =>
      snaked({ ...event, dqStatus: validationWord(dqStatus) }),
    ),
    validationStatus: optional(validationStatus, writeValidation),
  });
}

export function readDatasetRecord(value: unknown): DatasetRecord {
  const { status, violations, dqDetails, ...record } = cameled(value);
  const details = isMapping(dqDetails) ? dqDetails : {};
  const counted = { violations: Number(violations ?? 0), dqDetails: details };
  return { ...record, ...counted, status: readRecordStatus(status) } as DatasetRecord;
}

/** Without what is null, one level deep. */
export function withoutNull(value: object): Wire {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null));
}

/** Without what is undefined. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
