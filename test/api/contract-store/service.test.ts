import { afterEach, expect, test } from "vitest";
import { contractStore } from "../../../ts/contract-store/open.ts";
import { selectContract } from "../../../ts/contract-store/select.ts";
import { contractAt } from "../../../ts/contract-store/url.ts";
import { inMemoryGovernance } from "../../../ts/governance.ts";
import { dc43Server, TestServer } from "../governance/support/dc43-server.ts";
import { contract } from "../governance/support/samples.ts";

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function started(server: TestServer): Promise<TestServer> {
  servers.push(server);
  await server.start();
  return server;
}

const caught = (work: Promise<unknown>) => work.catch((error: unknown) => error);
const answering = (status: number, body?: unknown) =>
  started(new TestServer(async () => ({ status, body })));

test("a service's contracts are selected, published, and read once", async () => {
  const server = await started(dc43Server(inMemoryGovernance()));
  const store = contractStore({ url: server.baseUrl, token: "s3cret" });
  await store.publish(contract("1.0.0"));
  await store.publish(contract("1.1.0-draft"));
  await store.publish(contract("1.0.0"));
  const error = await caught(store.publish(contract("1.0.0", { status: "retired" })));
  expect(error).toMatchObject({ code: "CONTRACT_CONFLICT" });
  expect(await selectContract(store, "pings", ">=1")).toMatchObject({ version: "1.0.0" });
  const before = server.requests.length;
  const again = contractStore({ url: server.baseUrl, token: "s3cret" });
  expect(await selectContract(again, "pings", ">=1")).toMatchObject({ version: "1.0.0" });
  expect(server.requests.slice(before).map(({ path }) => path)).toEqual([
    "/contracts/pings/versions",
  ]);
  expect(new Set(server.requests.map(({ headers }) => headers.authorization))).toEqual(
    new Set(["Bearer s3cret"]),
  );
});

test("in an outage a version that was read before is known, and a selector is not guessed", async () => {
  const server = await started(dc43Server(inMemoryGovernance()));
  const store = contractStore({ url: server.baseUrl });
  await store.publish(contract("1.0.0"));
  await store.publish(contract("2.0.0-draft"));
  await selectContract(store, "pings");
  await selectContract(store, "pings", "2.0.0-draft");
  await server.stop();
  expect(await selectContract(store, "pings", "==1.0.0")).toMatchObject({ version: "1.0.0" });
  for (const selector of ["latest", ">=1", "1.5.0", "2.0.0-draft"]) {
    expect(await caught(selectContract(store, "pings", selector))).toMatchObject({
      ...{ code: "CONTRACT_STORE_UNAVAILABLE", retryable: true },
    });
  }
});

test("a service that refuses says so, without the token", async () => {
  const server = await answering(401, { detail: "no such token: s3cret" });
  const store = contractStore({ url: server.baseUrl, token: "s3cret" });
  const error = (await caught(store.versions("pings"))) as Error;
  expect(error).toMatchObject({ code: "CONTRACT_STORE_REFUSED", retryable: false });
  expect(JSON.stringify(error) + error.message).not.toContain("s3cret");
});

test("a document is read from its URL as it is written there", async () => {
  const text = "apiVersion: v3.1.0\nkind: DataContract\n";
  const seen: (string | undefined)[] = [];
  const server = await started(
    new TestServer(async ({ headers }) => {
      seen.push(headers.authorization);
      return seen.length === 1 ? { status: 503 } : { status: 200, body: text };
    }),
  );
  const url = `${server.baseUrl}/x.odcs.yaml?signature=s3cret`;
  const found = await contractAt({ url, token: "t0ken" });
  expect(found).toEqual({ text, place: `${server.baseUrl}/x.odcs.yaml` });
  expect(seen).toEqual(["Bearer t0ken", "Bearer t0ken"]);
});

test.each([
  { status: 404, code: "CONTRACT_NOT_FOUND", retryable: false },
  { status: 403, code: "CONTRACT_STORE_REFUSED", retryable: false },
  { status: 500, code: "CONTRACT_STORE_UNAVAILABLE", retryable: true },
])("a URL that answers $status is $code", async ({ status, code, retryable }) => {
  const { baseUrl } = await answering(status, {});
  const error = (await caught(contractAt({ url: `${baseUrl}/c?key=s3cret` }))) as Error;
  expect(error).toMatchObject({ code, retryable });
  expect(JSON.stringify(error) + error.message).not.toContain("s3cret");
});

test.each(["ftp://x/c", "not a url", "https://user:pw@host/c"])(
  "%s is no such URL",
  async (url) => {
    const error = (await caught(contractAt({ url }))) as Error;
    expect(error).toMatchObject({ code: "CONFIG_VALUE", context: { field: "url" } });
    expect(JSON.stringify(error)).not.toContain("pw");
  },
);
