import type { ContractDocument } from "../config/types.js";
import type {
  ContractClient,
  DataProductClient,
  DataQualityClient,
  GovernanceClient,
  GovernanceService,
} from "./clients.js";
import {
  type HttpGovernanceOptions,
  HttpTransport,
  nothing,
  type Query,
  readIfThere,
  segment,
} from "./transport.js";
import type {
  CallOptions,
  ContractKey,
  DatasetKey,
  Operation,
  OutputPort,
  Page,
  PageRequest,
  StatusMatrixFilter,
} from "./types.js";
import * as wire from "./wire.js";

/**
 * A governance service over HTTP, by the endpoints of dc43. What may pass (408, 429, 5xx, network)
 * is tried again with growing pauses, and as the service asks for by `Retry-After`; then it throws.
 */
export function httpGovernance(options: HttpGovernanceOptions): GovernanceService {
  const http = new HttpTransport(options);
  return {
    contracts: contractsOver(http),
    dataProducts: productsOver(http),
    dataQuality: qualityOver(http),
    governance: governanceOver(http),
  };
}

function documentsOver(http: HttpTransport, root: "/contracts" | "/data-products") {
  const of = (id: string) => `${root}/${segment(id)}`;
  const at = (id: string, version: string) => `${of(id)}/versions/${segment(version)}`;
  return {
    async put(document: ContractDocument, call?: CallOptions): Promise<void> {
      const { id, version } = document;
      await http.put(at(String(id ?? ""), String(version ?? "")), document, call);
    },
    async get(id: string, version: string, call?: CallOptions) {
      return http.get(at(id, version), {}, wire.readDocument, call);
    },
    async list({ limit, offset }: PageRequest = {}, call?: CallOptions): Promise<Page> {
      const page = await http.get(root, { limit, offset }, wire.readPage, call);
      return page ?? { items: [], total: 0, offset: 0 };
    },
    async latest(id: string, call?: CallOptions) {
      return http.get(`${of(id)}/latest`, {}, wire.readDocument, call);
    },
    async versions(id: string, call?: CallOptions): Promise<readonly string[]> {
      return (await http.get(`${of(id)}/versions`, {}, wire.texts, call)) ?? [];
    },
  };
}

function contractsOver(http: HttpTransport): ContractClient {
  return {
    ...documentsOver(http, "/contracts"),
    link: linkBy(http, "/contracts/link"),
    async linked(datasetId, dataset_version, call) {
      const path = `/contracts/datasets/${segment(datasetId)}/linked`;
      return http.get(path, { dataset_version }, wire.readLink, call);
    },
  };
}

function linkBy(http: HttpTransport, path: string) {
  return (dataset: DatasetKey, contract: ContractKey, call?: CallOptions): Promise<void> => {
    const { datasetId, datasetVersion } = dataset;
    const { contractId, contractVersion } = contract;
    const link = { datasetId, datasetVersion, contractId, contractVersion };
    return http.post(path, wire.snaked(link), nothing, call);
  };
}

function productsOver(http: HttpTransport): DataProductClient {
  const of = (id: string) => `/data-products/${segment(id)}`;
  const add = (ports: string) => async (id: string, port: OutputPort, call?: CallOptions) =>
    http.post(`${of(id)}/${ports}`, wire.snaked(port), wire.readPortChange, call);
  return {
    ...documentsOver(http, "/data-products"),
    addInputPort: add("input-ports"),
    addOutputPort: add("output-ports"),
    async outputPortContract(id, portName, call) {
      const path = `${of(id)}/output-ports/${segment(portName)}/contract`;
      return http.get(path, {}, wire.readLink, call);
    },
  };
}

function qualityOver(http: HttpTransport): DataQualityClient {
  return {
    evaluate(contract, observations, call) {
      const body = { contract, payload: wire.writeObservations(observations) };
      return http.post("/data-quality/evaluate", body, wire.readValidation, call);
    },
    expectations(contract, call) {
      const read = wire.listOf(wire.readExpectation);
      return http.post("/data-quality/expectations", { contract }, read, call);
    },
  };
}

function governanceOver(http: HttpTransport): GovernanceClient {
  const plans = (operation: Operation) => `/governance/${operation}`;
  const get = async <T>(
    name: string,
    query: Query,
    read: (value: unknown) => T[],
    call?: CallOptions,
  ) => (await http.get(`/governance/${name}`, query, read, call)) ?? [];
  return {
    authenticate: (credentials, call) =>
      http.post("/governance/auth", { credentials }, nothing, call),
    resolve(operation, context, call) {
      const body = { context: wire.writeContext(context) };
      return http.post(`${plans(operation)}/resolve`, body, wire.readPlan, call);
    },
    evaluatePlan(operation, plan, evidence, call) {
      const body = { plan: wire.writePlan(plan), ...wire.writeEvidence(evidence) };
      return http.post(`${plans(operation)}/evaluate`, body, wire.readAssessment, call);
    },
    register(operation, plan, assessment, call) {
      const body = { plan: wire.writePlan(plan), assessment: wire.writeAssessment(assessment) };
      return http.post(`${plans(operation)}/register`, body, nothing, call);
    },
    evaluate(request, call) {
      const body = wire.writeEvaluation(request);
      return http.post("/governance/evaluate", body, wire.readAssessment, call);
    },
    review(request, call) {
      const body = wire.writeDraftRequest(request);
      return http.post("/governance/review", body, readIfThere(wire.readDocument), call);
    },
    draft(request, call) {
      const body = wire.writeDraftRequest(request);
      return http.post("/governance/draft", body, wire.readDocument, call);
    },
    status: (key, call) => http.get("/governance/status", keyed(key), wire.readValidation, call),
    async statusMatrix(datasetId, filter, call) {
      const entries = await get("status-matrix", keyed({ datasetId }), wire.readMatrix, call);
      return entries.filter((entry) => isIn(entry, filter));
    },
    link: linkBy(http, "/governance/link"),
    linked(dataset_id, dataset_version, call) {
      return http.get("/governance/linked", { dataset_id, dataset_version }, wire.readLink, call);
    },
    metrics: (filter, call) =>
      get("metrics", keyed(filter), wire.listOf(wire.readMetricRecord), call),
    datasets: (call) => get("datasets", {}, wire.texts, call),
    activity({ includeStatus, ...filter }, call) {
      const query = { ...keyed(filter), include_status: includeStatus };
      return get("activity", query, wire.listOf(wire.readActivity), call);
    },
    datasetRecords: (filter = {}, call) =>
      get("dataset-records", keyed(filter), wire.listOf(wire.readDatasetRecord), call),
    lineage: (event, call) => http.post("/governance/lineage", { event }, nothing, call),
  };
}

function keyed(key: Partial<ContractKey & DatasetKey>) {
  const { contractId, contractVersion, datasetId, datasetVersion } = key;
  return wire.snaked({ contractId, contractVersion, datasetId, datasetVersion }) as {
    [name: string]: string;
  };
}

/** The service takes these filters as the body of a GET, which nobody can send. */
function isIn(
  { contractId, datasetVersion }: ContractKey & DatasetKey,
  { contractIds, datasetVersions }: StatusMatrixFilter = {},
): boolean {
  return (
    (contractIds?.includes(contractId) ?? true) &&
    (datasetVersions?.includes(datasetVersion) ?? true)
  );
}
