import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestService, testService } from "./support/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await testService();
});
afterAll(() => service.stop());

const product = (change: object = {}) => ({
  apiVersion: "v1.0.0",
  kind: "DataProduct",
  id: "dp.rides",
  version: "1.0.0",
  status: "active",
  inputPorts: [{ name: "raw", version: "1.0.0", contractId: "raw" }],
  outputPorts: [{ name: "out", version: "1.0.0", contractId: "pings" }],
  ...change,
});
const at = "/data-products/dp.rides/versions/1.0.0";

test.each([
  ["another key", { colour: "red" }],
  ["no status", { status: undefined }],
  ["another version of the standard", { apiVersion: "v9.0.0" }],
  ["an output port without a contract", { outputPorts: [{ name: "out", version: "1.0.0" }] }],
  ["an input port without a version", { inputPorts: [{ name: "raw", contractId: "raw" }] }],
])("a product with %s is refused by the standard", async (_, change) => {
  const { status, body } = await service.send("PUT", at, product(change));
  expect(status).toBe(422);
  expect(body.detail).toMatch(/^\//);
});

test("a product by the standard, and as dc43 writes it, is taken", async () => {
  expect((await service.send("PUT", at, product())).status).toBe(204);
  const bare = product({ apiVersion: "1.0.0", version: "0.9.0" });
  const earlier = "/data-products/dp.rides/versions/0.9.0";
  expect((await service.send("PUT", earlier, bare)).status).toBe(204);
  expect((await service.send("PUT", at, product({ status: "retired" }))).status).toBe(409);
});

test("a port leads to its contract, and to the datasets that are held against that", async () => {
  const link = { dataset_id: "lake.pings", dataset_version: "1", contract_id: "pings" };
  await service.send("POST", "/governance/link", { ...link, contract_version: "1.0.0" });
  const port = "/v1/data-products/dp.rides/ports/out";
  expect((await service.get(port)).body).toEqual({
    product: { id: "dp.rides", version: "1.0.0", status: "active" },
    contract: { id: "pings", version: "1.0.0" },
    datasets: ["lake.pings"],
  });
  const raw = "/v1/data-products/dp.rides/ports/raw";
  expect((await service.get(raw)).status).toBe(404);
  expect((await service.get(raw, { direction: "input" })).body.contract).toEqual({
    ...{ id: "raw", version: "1.0.0" },
  });
});

test("a changed port makes a draft, which the port leads to only if it is asked for", async () => {
  const port = { port_name: "out", contract_id: "pings", contract_version: "2.0.0", bump: "major" };
  const { body } = await service.send("POST", "/data-products/dp.rides/output-ports", port);
  expect(body).toMatchObject({
    changed: true,
    product: { version: "2.0.0-draft", status: "draft" },
  });
  const of = async (query: Record<string, string>) =>
    (await service.get("/v1/data-products/dp.rides/ports/out", query)).body.contract.version;
  expect(await of({})).toBe("1.0.0");
  expect(await of({ version: "newest" })).toBe("2.0.0");
  const { items } = (await service.get("/v1/data-products")).body;
  expect(items).toEqual([{ id: "dp.rides", versions: 3 }]);
});
