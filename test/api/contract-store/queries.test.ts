import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadConfig } from "../../../ts/config/load.ts";
import type { StreamingNodeConfig } from "../../../ts/config/types.ts";
import { inMemoryContracts } from "../../../ts/contract-store/memory.ts";
import { contractStore } from "../../../ts/contract-store/open.ts";
import type { ContractStore } from "../../../ts/contract-store/store.ts";
import { StreamingValidationError } from "../../../ts/errors.ts";
import { startQuery } from "../../../ts/start.ts";
import { validateConfig } from "../../../ts/validate.ts";
import { contract } from "../governance/support/samples.ts";
import { FakeNative } from "../support/fake-native.ts";
import { failure, config as plain } from "../support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../../ts/native.ts"), () => ({ native: () => engine.binding }));
let folder: string;
beforeEach(async () => {
  engine = new FakeNative();
  folder = await mkdtemp(join(tmpdir(), "headgate-contracts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const caught = (work: Promise<unknown>) => work.catch((error: unknown) => error);
const textOf = (version: string) => ({ text: JSON.stringify(contract(version)) });
const started = () => engine.started.at(-1)?.config as Record<string, unknown>;

async function storeOf(...versions: string[]): Promise<ContractStore> {
  const store = contractStore({ path: folder });
  for (const version of versions) await store.publish(contract(version));
  return store;
}

function node(change: Partial<StreamingNodeConfig>): StreamingNodeConfig {
  return { ...plain, contractStore: { path: folder }, ...change };
}

test("the engine gets the text of each contract, and what to take from it", async () => {
  await storeOf("1.0.0", "1.1.0");
  const query = await startQuery(
    node({
      contract: { id: "pings", version: ">=1", schema: "pings", server: "prod" },
      shadowContract: { id: "pings", version: "1.0.0" },
      rejectsContract: "rejects.odcs.yaml",
    }),
  );
  expect(started()).toMatchObject({
    contract: { ...textOf("1.1.0"), schema: "pings", server: "prod" },
    shadow_contract: { ...textOf("1.0.0"), place: join(folder, "pings", "1.0.0.json") },
    rejects_contract: "rejects.odcs.yaml",
  });
  expect(started()).not.toHaveProperty("contract_store");
  await query.stop();
});

test("paths and documents are the engine's, as they are", async () => {
  const document = contract("1.0.0");
  for (const given of [document, "x.yaml", { path: "x.yaml", schema: "a" }]) {
    const query = await startQuery({ ...plain, contract: given });
    expect(started().contract).toEqual(given);
    await query.stop();
  }
});

test("a store of the program is asked where the configuration names none", async () => {
  const store = inMemoryContracts();
  await store.publish(contract("1.0.0"));
  const config = { ...plain, contract: { id: "pings" } };
  const query = await startQuery(config, { contractStore: store });
  expect(started().contract).toMatchObject(textOf("1.0.0"));
  await query.stop();
  expect(await validateConfig(config, { contractStore: store })).toMatchObject({ ok: true });
  expect(await caught(startQuery(config))).toMatchObject({
    code: "CONFIG_MISSING",
    context: { field: "contract", details: expect.stringContaining("contract_store") },
  });
});

test("a file names its store once, and what is not there is said at its place", async () => {
  await storeOf("1.0.0", "1.1.0");
  const file = join(folder, "queries.yaml");
  const query = (name: string, version: string) => `
  - name: ${name}
    input: { format: rate }
    contract: { id: pings, version: "${version}" }
    output: { format: delta, path: ./lake/${name} }`;
  await writeFile(
    file,
    `contract_store: { path: . }\nqueries:${query("a", "latest")}${query("b", "1.2.0")}\n`,
  );
  expect((await loadConfig(file)).issues).toEqual([]);
  const report = await validateConfig(file);
  expect(report.issues).toMatchObject([
    {
      ...{ code: "CONTRACT_NOT_FOUND", field: "queries[1].contract", nodeName: "b" },
      ...{ actual: "1.0.0, 1.1.0", position: { file, line: 9 } },
    },
  ]);
  expect(engine.validated.map(([json]) => JSON.parse(json).name)).toEqual(["a"]);
});

test("all that is wrong is said at once, and an outage alone may be tried again", async () => {
  const away = { url: "http://127.0.0.1:1", token: "s3cret" };
  const both = node({
    contract: { id: "pings", store: away },
    shadowContract: { id: "pings" },
  });
  const error = (await caught(startQuery(both))) as StreamingValidationError;
  expect(error.issues.map(({ code, field }) => [code, field])).toEqual([
    ["CONTRACT_STORE_UNAVAILABLE", "contract"],
    ["CONTRACT_NOT_FOUND", "shadowContract"],
  ]);
  expect(error.retryable).toBe(false);
  expect(error.getFullTraceback() + JSON.stringify(error)).not.toContain("s3cret");
  const alone = await caught(startQuery(node({ contract: { id: "pings", store: away } })));
  expect(alone).toMatchObject({ retryable: true, code: "CONTRACT_STORE_UNAVAILABLE" });
});

test("keys of contracts and stores are known, and a token is never shown", async () => {
  const wrong = { ...plain, contract: { id: "pings", versoin: "1" } } as never;
  expect((await loadConfig(wrong)).issues).toMatchObject([
    { code: "CONFIG_UNKNOWN_KEY", field: "contract.versoin", details: 'did you mean "version"?' },
  ]);
  const typed = { ...plain, contractStore: { url: "https://x", token: 4711 } } as never;
  const { issues } = await loadConfig(typed);
  expect(issues).toMatchObject([{ field: "contractStore.token", actual: "number" }]);
  const number = { ...plain, contract: { id: "pings", version: 1.1 } } as never;
  expect((await loadConfig(number)).issues).toMatchObject([
    { code: "CONFIG_TYPE", field: "contract.version", actual: "1.1" },
  ]);
});

test("a query is moved to what its selector means now, or to what it is told", async () => {
  const store = await storeOf("1.0.0");
  const query = await startQuery(
    node({ contract: { id: "pings", version: ">=1", schema: "pings" } }),
  );
  await store.publish(contract("1.1.0"));
  await store.publish(contract("2.0.0"));
  const moved = await query.updateContract({ version: "1.1.0" });
  expect(moved).toMatchObject({ from: { version: "1.0.0" }, to: { version: "1.1.0" } });
  await query.updateContract();
  await query.updateContract({ id: "pings", version: "2.0.0" });
  await query.updateContract("other.odcs.yaml");
  const contracts = engine.query.updates.map((update) => update.contract);
  expect(contracts).toMatchObject([
    { ...textOf("1.1.0"), schema: "pings" },
    { ...textOf("1.1.0"), schema: "pings" },
    textOf("2.0.0"),
    "other.odcs.yaml",
  ]);
  // All else is as it was at the start.
  const { contract: _, ...rest } = started();
  expect(engine.query.updates[0]).toMatchObject(rest);
  const error = await caught(query.updateContract({ version: "1.0.0" }));
  expect(error).toMatchObject({ code: "CONFIG_CONFLICT", context: { field: "contract" } });
  await query.stop();
});

test("what speaks against a move is thrown, and the query keeps its contract", async () => {
  await storeOf("1.0.0");
  const query = await startQuery(node({ contract: { id: "pings", version: "1.0.0" } }));
  const missing = await caught(query.updateContract({ version: ">=3" }));
  expect(StreamingValidationError.is(missing, "CONTRACT_NOT_FOUND")).toBe(true);
  expect(engine.query.updates).toEqual([]);
  engine.query.change = { failure: failure({ code: "DELTA_SCHEMA_MISMATCH" }) };
  const refused = await caught(query.updateContract(contract("9.0.0")));
  expect(refused).toMatchObject({ code: "DELTA_SCHEMA_MISMATCH" });
  await query.updateContract().catch(() => {});
  expect(engine.query.updates.map(({ contract }) => contract)).toMatchObject([
    contract("9.0.0"),
    textOf("1.0.0"),
  ]);
  expect(query.isActive).toBe(true);
  await query.stop();
});

test("an object store is asked with its options, and its troubles are told without them", async () => {
  const options = {
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "s3cret",
    AWS_ALLOW_HTTP: true,
  };
  const store = contractStore({ s3: "s3://bucket/contracts/", options });
  engine.documents = { names: ["1.0.0.json", "1.1.0.json", "README.md"] };
  expect(await store.versions("a/b")).toEqual(["1.0.0", "1.1.0"]);
  const asked = { ...options, AWS_ALLOW_HTTP: "true" };
  expect(engine.operated).toEqual([["names", "s3://bucket/contracts", asked, "a%2Fb"]]);
  engine.documents = {};
  expect(await store.read("pings", "1.0.0")).toBeUndefined();
  engine.documents = { text: JSON.stringify(contract("1.0.0")) };
  await store.publish(contract("1.0.0"));
  expect(await caught(store.publish(contract("1.0.0", { status: "retired" })))).toMatchObject({
    code: "CONTRACT_CONFLICT",
  });
  for (const [retryable, code] of [
    [true, "CONTRACT_STORE_UNAVAILABLE"],
    [false, "CONTRACT_STORE_REFUSED"],
  ] as const) {
    engine.documents = { failure: failure({ retryable }) };
    const error = (await caught(store.versions("pings"))) as Error;
    expect(error).toMatchObject({ code, retryable });
    expect(JSON.stringify(error)).not.toContain("s3cret");
  }
});

test("a status by which an object store refuses is no outage, whatever the engine takes it for", async () => {
  const store = contractStore({ s3: "s3://bucket/contracts" });
  for (const [status, code] of [
    ["401 Unauthorized", "CONTRACT_STORE_REFUSED"],
    ["403 Forbidden: RequestTimeTooSkewed", "CONTRACT_STORE_REFUSED"],
    ["404 Not Found: XAdminUserNotFound", "CONTRACT_STORE_REFUSED"],
    ["409 Conflict: OperationAborted", "CONTRACT_STORE_UNAVAILABLE"],
    ["503 Service Unavailable: SlowDown", "CONTRACT_STORE_UNAVAILABLE"],
  ]) {
    const cause = `Server returned non-2xx status code: ${status}`;
    engine.documents = { failure: failure({ retryable: true, causes: [cause] }) };
    const retryable = code === "CONTRACT_STORE_UNAVAILABLE";
    expect(await caught(store.versions("pings"))).toMatchObject({ code, retryable });
  }
});
