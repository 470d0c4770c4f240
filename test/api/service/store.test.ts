import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestService, testService } from "./support/service.ts";

const [reader, writer] = ["read-token-0123456789", "write-token-0123456789"];
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const pings = { contract_id: "pings", contract_version: "1.0.0" };
const rides = { contract_id: "rides", contract_version: "2.0.0" };

let service: TestService;
beforeAll(async () => {
  service = await testService();
});
afterAll(() => service.stop());

const at = (dataset: string, version = "1") => `/datasets/${dataset}/versions/${version}`;
const get = async (path: string) => (await service.get(path)).body;
const put = async (path: string, body: object) =>
  expect((await service.send("PUT", path, body)).status).toBe(204);
const withdraw = async (path: string) =>
  expect((await fetch(`${service.url}${path}`, { method: "DELETE" })).status).toBe(204);
const said = (status: string, change: object = {}) => ({
  ...pings,
  status,
  reason: null,
  ...change,
});

describe("the status of a version", () => {
  const broken = {
    reason: "3 rows",
    details: { errors: ["3 rows"], violations: 3 },
    metrics: { row_count: 10, "violations.required_speed": 3 },
  };

  test("is what was put", async () => {
    expect((await service.get(`${at("a")}/status`)).status).toBe(404);
    await put(`${at("a")}/status`, said("block", broken));
    expect(await get(`${at("a")}/status`)).toEqual({
      ...{ dataset_id: "a", dataset_version: "1", ...pings },
      ...{ status: "block", reason: "3 rows", recorded_at: expect.stringMatching(/Z$/) },
      details: expect.objectContaining({ errors: ["3 rows"], violations: 3, status: "block" }),
    });
    expect(
      await get(
        `/governance/status?${new URLSearchParams({ ...pings, dataset_id: "a", dataset_version: "1" })}`,
      ),
    ).toMatchObject({
      status: "block",
      metrics: { row_count: 10 },
    });
  });

  test("is the worst that was put", async () => {
    for (const status of ["ok", "block", "ok"]) await put(`${at("b")}/status`, said(status));
    expect(await get(`${at("b")}/status`)).toMatchObject({ status: "block" });
    expect(await service.all("/v1/datasets/b/batches")).toHaveLength(3);
  });

  test("of nothing is withdrawn without a trace", async () => {
    await withdraw(`${at("nothing")}/status`);
    expect(await get("/datasets")).not.toContain("nothing");
  });

  test("that is sent again under one key counts once", async () => {
    for (const _ of [1, 2]) {
      const headers = { "idempotency-key": "e" };
      await service.send("PUT", `${at("e")}/status`, said("ok"), headers);
    }
    expect(await service.all("/v1/datasets/e/batches")).toHaveLength(1);
  });
});

test("links are those of a version, or the last of the dataset", async () => {
  expect((await service.get("/datasets/l/link")).status).toBe(404);
  await put(`${at("l")}/link`, pings);
  await put(`${at("l", "2")}/link`, rides);
  expect(await get(`${at("l")}/link`)).toEqual(pings);
  expect((await service.get(`${at("l", "3")}/link`)).status).toBe(404);
  for (const path of ["/datasets/l/link", `${at("l", "latest")}/link`]) {
    expect(await get(path)).toEqual(rides);
  }
});

test("activity is there by version, in the order of telling, with the last lineage event", async () => {
  const event = {
    ...pings,
    operation: "write",
    pipeline_context: { pipeline: "gate" },
    observations_reused: true,
    recorded_at: "2026-11-21T09:00:00Z",
    dq_status: "warn",
    dq_reason: "late",
    dq_details: { warnings: ["late"], note: "kept" },
  };
  const lineage = { eventType: "COMPLETE", job: { namespace: "jobs", name: "gate" } };
  const sent = [event, { ...event, operation: "read", lineage_event: lineage }];
  for (const body of sent) {
    expect((await service.send("POST", `${at("m")}/activity`, body)).status).toBe(204);
  }
  await service.send("POST", `${at("m", "2")}/activity`, { ...pings });
  const key = { dataset_id: "m", dataset_version: "1", ...pings };
  const { recorded_at: _, ...kept } = event;
  expect(await get(`${at("m")}/activity`)).toEqual([
    {
      ...key,
      events: [
        { ...kept, recorded_at: expect.stringMatching(/Z$/) },
        expect.objectContaining({ operation: "read" }),
      ],
      lineage_event: lineage,
    },
  ]);
  // Without a version dc43 sends an empty one.
  const all = await get("/datasets/m/activity?version=");
  expect(all.map(({ dataset_version }: { dataset_version: string }) => dataset_version)).toEqual([
    ...["1", "2"],
  ]);
  expect(await get("/datasets/nobody/activity")).toEqual([]);
});

test("metrics are there by version and contract", async () => {
  for (const [version, contract] of [
    ["1", pings],
    ["2", rides],
  ] as const) {
    const body = { ...said("ok"), ...contract, metrics: { row_count: Number(version) } };
    await put(`${at("n", version)}/status`, body);
  }
  expect(await get("/datasets/n/metrics?contract_id=rides&dataset_version=2")).toEqual([
    {
      ...{ dataset_id: "n", dataset_version: "2", ...rides },
      status_recorded_at: expect.stringMatching(/Z$/),
      ...{ metric_key: "row_count", metric_value: "2", metric_numeric_value: 2 },
    },
  ]);
  expect(await get("/datasets/n/metrics")).toHaveLength(2);
  expect(await get("/datasets/n/metrics?dataset_version=1&contract_id=rides")).toEqual([]);
});

test.each([
  ["a/b", "a/b"],
  ["a%2Fb%2Fc", "a/b/c"],
  ["s3://bucket/a%20b", "s3://bucket/a b"],
  ["x%2Fversions%2F1", "x/versions/1"],
  ["x/versions/1/status", "x/versions/1/status"],
  ["..%2f..%2fcontracts", "../../contracts"],
])("%s in a path is a dataset of its own", async (path, id) => {
  await put(`${at(path, "7")}/status`, said("warn"));
  await put(`${at(path, "7")}/link`, pings);
  expect(await get(`${at(path, "7")}/status`)).toMatchObject({ dataset_id: id, status: "warn" });
  expect(await get(`${at(path, "7")}/link`)).toEqual(pings);
  expect(await get(`/datasets/${path}/link`)).toEqual(pings);
  expect(await get(`/v1/datasets/${encodeURIComponent(id)}`)).toMatchObject({ status: "warn" });
});

test.each([
  ["PUT", `${at("../contracts/x")}/status`, 404],
  ["PUT", `${at("a", "%2e%2e")}/status`, 404],
  ["PUT", `${at("a%0ab")}/status`, 422],
  ["PUT", `${at("%00")}/status`, 400],
  ["PUT", `${at("x".repeat(513))}/status`, 422],
  ["PUT", "/datasets//versions/1/status", 404],
  ["POST", `${at("a")}/status`, 405],
  ["DELETE", `${at("a")}/link`, 405],
  ["PUT", "/datasets/a/link", 405],
])("%s %s is answered %i", async (method, path, status) => {
  expect((await service.send(method, path, said("ok"))).status).toBe(status);
});

test.each([
  [{ ...pings, status: 1 }],
  [{ contract_id: "pings" }],
  [{ ...pings, contract_id: "a\nb" }],
  [{ ...pings, details: [] }],
])("a status such as %j is refused", async (body) => {
  expect((await service.send("PUT", `${at("a")}/status`, body)).status).toBe(422);
});

test("a token that may read may not store, nor withdraw", async () => {
  const guarded = await testService({
    tokens: [
      { name: "reader", scopes: ["read"], sha256: sha256(reader) },
      { name: "writer", scopes: ["write"], sha256: sha256(writer) },
    ],
  });
  const ask = async (method: string, path: string, token: string) =>
    (await guarded.send(method, path, said("ok"), as(token))).status;
  const stored = [
    ["PUT", `${at("a/b")}/status`],
    ["PUT", `${at("a/b")}/link`],
    ["POST", `${at("a/b")}/activity`],
    ["DELETE", `${at("a/b")}/status`],
  ] as const;
  for (const [method, path] of stored) {
    expect([await ask(method, path, reader), await ask(method, path, writer)]).toEqual([403, 204]);
  }
  const read = await fetch(`${guarded.url}/datasets/a/b/link`, { headers: as(reader) });
  expect(read.status).toBe(200);
  await guarded.stop();
});

test.each(["/versions/x", "/link", "/versions/x/status", "%2f", "a"])(
  "a long path of %s is looked at in no time",
  async (part) => {
    const path = `/datasets/x${part.repeat(Math.floor(15_000 / part.length))}/nothing`;
    const start = performance.now();
    for (let count = 0; count < 10; count += 1) await service.get(path);
    // A pattern that looks for every end took 7 s.
    expect(performance.now() - start).toBeLessThan(2_000);
  },
);
