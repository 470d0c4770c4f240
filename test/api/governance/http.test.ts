import { afterEach, beforeEach, expect, test } from "vitest";
import { StreamingError } from "../../../ts/errors.ts";
import { type GovernanceService, httpGovernance } from "../../../ts/governance.ts";
import { type Answer, TestServer } from "./support/dc43-server.ts";
import { endpointOf, operations } from "./support/openapi.ts";
import { contract } from "./support/samples.ts";

// What the server answers next; then `last` for good.
let answers: (Answer | "hang up" | "hang")[];
let last: Answer;
const server = new TestServer(async () => answers.shift() ?? last);
beforeEach(() => {
  answers = [];
  last = { status: 200, body: [] };
  server.requests.length = 0;
  return server.start();
});
afterEach(() => server.stop());

async function errorOf(work: Promise<unknown>): Promise<StreamingError> {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (StreamingError.is(error)) return error;
  throw error ?? new Error("it did not fail");
}

const open = (options: object = {}): GovernanceService =>
  httpGovernance({ baseUrl: server.baseUrl, ...options });
const versions = (options: object = {}) => open(options).contracts.versions("pings");

test.each<Answer | "hang up">([
  { status: 408 },
  { status: 429, headers: { "retry-after": "0" } },
  { status: 500, body: "<html>" },
  { status: 503, headers: { "retry-after": new Date(0).toUTCString() } },
  "hang up",
])("what may pass is tried again: %j", async (failure) => {
  answers = [failure, failure];
  last = { status: 200, body: ["1.0.0"] };
  expect(await versions()).toEqual(["1.0.0"]);
  expect(server.requests).toHaveLength(3);
});

test("a service that is late is tried again", async () => {
  answers = ["hang"];
  expect(await versions({ timeoutMs: 500 })).toEqual([]);
  expect(server.requests.length).toBeGreaterThan(1);
});

test("a service is given the time that it asks for", async () => {
  answers = [{ status: 503, headers: { "retry-after": "1" } }];
  const begin = performance.now();
  await versions();
  expect(performance.now() - begin).toBeGreaterThan(950);
});

test("tries have an end, and what they come to says so", async () => {
  last = { status: 503, body: { detail: "in maintenance" } };
  const error = await errorOf(versions());
  expect(error).toMatchObject({ code: "GOVERNANCE_UNREACHABLE", retryable: true });
  expect(error.message).toContain("GET /contracts/pings/versions: 503: in maintenance");
  expect(server.requests).toHaveLength(4);
});

test("a service that asks for more than half a minute is left to the caller", async () => {
  last = { status: 503, headers: { "retry-after": "3600" } };
  expect(await errorOf(versions())).toMatchObject({ code: "GOVERNANCE_UNREACHABLE" });
  expect(server.requests).toHaveLength(1);
});

test("no service at all is told as what it is", async () => {
  await server.stop();
  const error = await errorOf(versions());
  expect(error).toMatchObject({ code: "GOVERNANCE_UNREACHABLE", retryable: true });
  expect(error.message).toContain("ECONNREFUSED");
});

test.each([
  [400, { detail: "id and version differ" }, "400: id and version differ"],
  [401, { detail: "who are you?" }, "401: who are you?"],
  [422, { detail: [{ loc: ["body"], msg: "missing" }] }, '422: [{"loc":["body"],"msg":"missing"}]'],
  [403, "<html>\n  no\n</html>", "403: <html> no </html>"],
  [302, "", "302"],
  [404, { detail: "Not Found" }, "404: Not Found"],
  [404, "<html>", "404: <html>"],
])("a refusal is told once, by endpoint and message: %i %j", async (status, body, said) => {
  last = { status, body };
  const error = await errorOf(versions());
  expect(error).toMatchObject({ code: "GOVERNANCE_REFUSED", retryable: false });
  expect(error.message).toBe(`GET /contracts/pings/versions: ${said}`);
  expect(server.requests).toHaveLength(1);
});

test("a message is bounded", async () => {
  last = { status: 400, body: { detail: "x".repeat(100_000) } };
  expect((await errorOf(versions())).message.length).toBeLessThan(400);
});

test("what is no answer of such a service is said", async () => {
  last = { status: 200, body: "<html>" };
  expect(await errorOf(versions())).toMatchObject({ code: "GOVERNANCE_UNREADABLE" });
  last = { status: 200, body: { versions: [] } };
  expect(await errorOf(versions())).toMatchObject({ code: "GOVERNANCE_UNREADABLE" });
});

test("the token goes to the service and nowhere else", async () => {
  const token = "s3cr3t-t0ken";
  last = { status: 401, body: { detail: `no such token: ${token}` } };
  const error = await errorOf(versions({ token }));
  expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  const told = `${error.getFullTraceback()} ${JSON.stringify(error)}`;
  expect(told).toContain("no such token: ***");
  expect(told).not.toContain(token);
});

test.each([
  { token: "s3cr3t\nx" },
  { token: "" },
  { baseUrl: "governance.example" },
  { baseUrl: "file:///governance" },
  { baseUrl: "https://user:s3cr3t@governance.example" },
  { timeoutMs: 0 },
  { timeoutMs: Number.NaN },
])("an option that cannot be used is refused, untold: %j", (options) => {
  let error: unknown;
  try {
    httpGovernance({ baseUrl: server.baseUrl, ...options });
  } catch (thrown) {
    error = thrown;
  }
  expect(StreamingError.is(error, "CONFIG_VALUE")).toBe(true);
  expect(JSON.stringify(error)).not.toContain("s3cr3t");
});

test("every try of a request has one key, and another request another", async () => {
  const { governance } = open();
  const key = { contractId: "pings", contractVersion: "1.0.0" };
  const dataset = { datasetId: "pings", datasetVersion: "7" };
  answers = ["hang up", { status: 500 }];
  last = { status: 204 };
  await governance.link(dataset, key);
  await governance.link(dataset, key);
  await governance.link(dataset, key, { idempotencyKey: "lake/pings é@7" });
  const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
  expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[3]).not.toBe(keys[0]);
  expect(keys[4]).toBe("lake%2Fpings%20%C3%A9%407");
});

test("what is told is not sent elsewhere as something else", async () => {
  answers = [{ status: 302, headers: { location: "/elsewhere" } }];
  const dataset = { datasetId: "pings", datasetVersion: "7" };
  const key = { contractId: "pings", contractVersion: "1.0.0" };
  const error = await errorOf(open().governance.link(dataset, key));
  expect(error.message).toBe("POST /governance/link: 302: leads to /elsewhere");
  expect(server.requests).toHaveLength(1);
});

test("a caller who is gone is not kept waiting", async () => {
  const caller = new AbortController();
  answers = ["hang"];
  const call = open().contracts.versions("pings", { signal: caller.signal });
  const reason = new Error("stopped");
  const poll = setInterval(() => {
    if (server.requests.length > 0) caller.abort(reason);
  }, 5);
  await expect(call).rejects.toBe(reason);
  clearInterval(poll);
  await expect(open().contracts.versions("pings", { signal: caller.signal })).rejects.toBe(reason);
  expect(server.requests).toHaveLength(1);
});

test("the base URL may have a path", async () => {
  await versions({ baseUrl: `${server.baseUrl}/api/v1/` });
  expect(server.requests[0]?.path).toBe("/api/v1/contracts/pings/versions");
});

test.each([".", "..", ""])("an id cannot lead out of its path: %j", async (id) => {
  const error = await errorOf(open().contracts.versions(id));
  expect(error.code).toBe("GOVERNANCE_INVALID");
  expect(server.requests).toEqual([]);
});

test("all 36 endpoints of dc43 are called", async () => {
  const { contracts, dataProducts, dataQuality, governance } = open();
  const key = { contractId: "c", contractVersion: "v" };
  const dataset = { datasetId: "d", datasetVersion: "v" };
  const document = contract("v", { id: "c" });
  const plan = { ...key, ...dataset, contract: document };
  const said = { ok: true, status: "ok" as const, errors: [], warnings: [], metrics: {} };
  const validation = { ...said, schema: {}, details: {} };
  const assessment = { observationsReused: false };
  const port = { portName: "p", ...key };
  for (const documents of [contracts, dataProducts]) {
    const [some, none] = [
      { status: 200, body: {} },
      { status: 200, body: [] },
    ];
    answers = [{ status: 204 }, some, some, none];
    await documents.put(document);
    await documents.get("c", "v");
    await documents.latest("c");
    await documents.versions("c");
  }
  last = { status: 200, body: { items: [], entries: [], product: {}, status: null } };
  await contracts.list();
  await dataProducts.list();
  await contracts.link(dataset, key);
  await contracts.linked("d");
  await dataProducts.addInputPort("c", port);
  await dataProducts.addOutputPort("c", port);
  await dataProducts.outputPortContract("c", "p");
  await dataQuality.evaluate(document, { metrics: {} });
  await governance.authenticate({ user: "gate" });
  for (const operation of ["read", "write"] as const) {
    last = { status: 200, body: { contract: document } };
    await governance.resolve(operation, { contract: key });
    await governance.evaluatePlan(operation, plan, { validation });
    await governance.register(operation, plan, assessment);
  }
  await governance.lineage({});
  await governance.evaluate({ ...key, ...dataset, validation });
  await governance.review({ validation, baseContract: document });
  await governance.draft({ validation, baseContract: document });
  await governance.status({ ...key, ...dataset });
  last = { status: 200, body: { entries: [] } };
  await governance.statusMatrix("d");
  await governance.link(dataset, key);
  await governance.linked("d");
  last = { status: 200, body: [] };
  await dataQuality.expectations(document);
  await governance.metrics(dataset);
  await governance.datasets();
  await governance.activity(dataset);
  await governance.datasetRecords();
  const called = server.requests.map((request) => endpointOf(request)?.endpoint);
  expect(called.sort()).toEqual(operations.map(({ endpoint }) => endpoint).sort());
  expect(operations).toHaveLength(36);
});
