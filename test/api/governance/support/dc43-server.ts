import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamingError } from "../../../../ts/errors.ts";
import type { Operation } from "../../../../ts/governance/types.ts";
import * as wire from "../../../../ts/governance/wire.ts";
import type { GovernanceService } from "../../../../ts/governance.ts";

export interface SeenRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  headers: IncomingMessage["headers"];
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A server of this process that answers what `answer` says, and remembers what it was asked. */
export class TestServer {
  readonly requests: SeenRequest[] = [];
  readonly #answer: (request: SeenRequest) => Promise<Answer | "hang up" | "hang">;
  #server = createServer();
  #port = 0;

  constructor(answer: (request: SeenRequest) => Promise<Answer | "hang up" | "hang">) {
    this.#answer = answer;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Where it was before, once it had a port. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "", this.baseUrl);
    const seen: SeenRequest = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: text === "" ? undefined : JSON.parse(text),
      headers: request.headers,
    };
    this.requests.push(seen);
    const answer = await this.#answer(seen);
    if (answer === "hang up") return void response.destroy();
    if (answer === "hang") return;
    const { status, body, headers = {} } = answer;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(
      body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    );
  }
}

/** The endpoints of dc43, answered by a service of ours. */
export function dc43Server(service: GovernanceService): TestServer {
  return new TestServer((request) => dispatch(service, request));
}

type Handler = (request: SeenRequest, ...parts: string[]) => Promise<Answer>;

export async function dispatch(service: GovernanceService, request: SeenRequest): Promise<Answer> {
  const routes = routesOf(service, request);
  for (const [endpoint, handler] of Object.entries(routes)) {
    const [method, template = ""] = endpoint.split(" ");
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, "([^/]+)")}$`);
    const parts = method === request.method ? pattern.exec(request.path) : null;
    if (parts === null) continue;
    try {
      return await handler(request, ...parts.slice(1).map(decodeURIComponent));
    } catch (error) {
      if (!StreamingError.is(error)) throw error;
      const status = error.code === "GOVERNANCE_CONFLICT" ? 409 : 400;
      return { status, body: { detail: error.message } };
    }
  }
  return { status: 404, body: { detail: "Not Found" } };
}

const done = async (work: Promise<unknown>, status = 204): Promise<Answer> => {
  await work;
  return { status };
};

const told = async <T>(work: Promise<T>, write: (value: T) => unknown = (value) => value) => ({
  status: 200,
  body: write(await work),
});

async function orAbsent<T>(
  work: Promise<T | undefined>,
  write: (value: T) => unknown = (value) => value,
): Promise<Answer> {
  const value = await work;
  if (value === undefined) return { status: 404, body: { detail: "there is none" } };
  return { status: 200, body: write(value) };
}

const link = (key: { contractId: string; contractVersion: string }) => ({
  contract_version: `${key.contractId}:${key.contractVersion}`,
});

function routesOf(
  { contracts, dataProducts, dataQuality, governance }: GovernanceService,
  { body, query, headers }: SeenRequest,
): Record<string, Handler> {
  const key = headers["idempotency-key"];
  const call = typeof key === "string" ? { idempotencyKey: decodeURIComponent(key) } : {};
  // biome-ignore lint/suspicious/noExplicitAny: what comes over the wire.
  const sent = body as any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const asked = wire.cameled(query) as any;
  const documents = (root: string, client: typeof contracts | typeof dataProducts) => ({
    [`PUT ${root}/{id}/versions/{v}`]: () => done(client.put(sent)),
    [`GET ${root}/{id}/versions/{v}`]: (_: SeenRequest, id = "", v = "") =>
      orAbsent(client.get(id, v)),
    [`GET ${root}`]: () => {
      const { limit, offset } = asked;
      const page = { offset: Number(offset ?? 0), ...(limit && { limit: Number(limit) }) };
      return told(client.list(page));
    },
    [`GET ${root}/{id}/latest`]: (_: SeenRequest, id = "") => orAbsent(client.latest(id)),
    [`GET ${root}/{id}/versions`]: (_: SeenRequest, id = "") => told(client.versions(id)),
  });
  const linked = () => {
    const { datasetId, datasetVersion, ...contract } = wire.cameled(sent) as Record<string, string>;
    return [
      { datasetId: datasetId ?? "", datasetVersion: datasetVersion ?? "" },
      contract as { contractId: string; contractVersion: string },
    ] as const;
  };
  const plans = (operation: Operation): Record<string, Handler> => ({
    [`POST /governance/${operation}/resolve`]: () =>
      told(governance.resolve(operation, wire.readContext(sent.context)), wire.writePlan),
    [`POST /governance/${operation}/evaluate`]: () => {
      const { plan, ...evidence } = sent;
      const read = wire.readEvidence(evidence);
      const work = governance.evaluatePlan(operation, wire.readPlan(plan), read, call);
      return told(work, wire.writeAssessment);
    },
    [`POST /governance/${operation}/register`]: () => {
      const assessment = wire.readAssessment(sent.assessment);
      return done(governance.register(operation, wire.readPlan(sent.plan), assessment, call));
    },
  });
  return {
    ...documents("/contracts", contracts),
    ...documents("/data-products", dataProducts),
    "POST /contracts/link": () => done(contracts.link(...linked(), call), 200),
    "GET /contracts/datasets/{id}/linked": (_, id = "") =>
      orAbsent(contracts.linked(id, asked.datasetVersion), link),
    "POST /data-products/{id}/input-ports": (_, id = "") =>
      told(dataProducts.addInputPort(id, wire.cameled(sent) as never)),
    "POST /data-products/{id}/output-ports": (_, id = "") =>
      told(dataProducts.addOutputPort(id, wire.cameled(sent) as never)),
    "GET /data-products/{id}/output-ports/{port}/contract": (_, id = "", port = "") =>
      orAbsent(dataProducts.outputPortContract(id, port), wire.snaked),
    "POST /data-quality/evaluate": () => {
      const observations = wire.readObservations(sent.payload);
      return told(dataQuality.evaluate(sent.contract, observations), wire.writeValidation);
    },
    "POST /data-quality/expectations": () =>
      told(dataQuality.expectations(sent.contract), (each) => each.map(wire.snaked)),
    "POST /governance/auth": () => done(governance.authenticate(sent.credentials), 200),
    ...plans("read"),
    ...plans("write"),
    "POST /governance/lineage": () => done(governance.lineage(sent.event, call)),
    "POST /governance/evaluate": () =>
      told(governance.evaluate(wire.readEvaluation(sent), call), wire.writeAssessment),
    "POST /governance/review": () =>
      told(governance.review(wire.readReviewRequest(sent)), (draft) => draft ?? null),
    "POST /governance/draft": () => told(governance.draft(wire.readReviewRequest(sent))),
    "GET /governance/status": () => orAbsent(governance.status(asked), wire.writeValidation),
    "GET /governance/status-matrix": () =>
      told(governance.statusMatrix(asked.datasetId), (entries) => ({
        dataset_id: asked.datasetId,
        entries: entries.map(wire.snaked),
      })),
    "POST /governance/link": () => done(governance.link(...linked(), call)),
    "GET /governance/linked": () =>
      orAbsent(governance.linked(asked.datasetId, asked.datasetVersion), link),
    "GET /governance/metrics": () =>
      told(governance.metrics(asked), (each) => each.map(wire.snaked)),
    "GET /governance/datasets": () => told(governance.datasets()),
    "GET /governance/activity": () => {
      const filter = { ...asked, includeStatus: asked.includeStatus === "true" };
      return told(governance.activity(filter), (each) => each.map(wire.writeActivity));
    },
    "GET /governance/dataset-records": () =>
      told(governance.datasetRecords(asked), (each) => each.map(wire.snaked)),
  };
}
