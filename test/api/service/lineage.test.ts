import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestService, testService } from "./support/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await testService();
});
afterAll(() => service.stop());

const lake = (name: string) => ({ namespace: "lake", name });

/** That `from` became `to`, column by column where names are given. */
function event(from: string, to: string, columns: Record<string, string> = {}) {
  const fields = Object.entries(columns).map(([column, field]) => [
    column,
    { inputFields: [{ ...lake(from), field }] },
  ]);
  const facet = {
    _producer: "https://example.com",
    _schemaURL:
      "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet",
    fields: Object.fromEntries(fields),
  };
  return {
    eventType: "COMPLETE",
    eventTime: "2026-11-21T10:00:00.000Z",
    producer: "https://example.com",
    schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    run: { runId: "01936a5e-7c00-7000-8000-000000000002" },
    job: { namespace: "jobs", name: `${from} to ${to}` },
    inputs: [lake(from)],
    outputs: [{ ...lake(to), facets: fields.length > 0 ? { columnLineage: facet } : {} }],
  };
}

const nodesOf = async (query: Record<string, string>) => {
  const { body } = await service.get("/v1/lineage", query);
  return body.nodes.map(({ name }: { name: string }) => name).toSorted();
};

test("events become a graph, with the columns that they tell of", async () => {
  const sent = [
    event("raw", "bronze"),
    event("bronze", "silver", { speed_kmh: "speed" }),
    event("silver", "gold"),
    event("silver", "report"),
    event("gold", "raw"),
  ];
  for (const each of sent) {
    expect((await service.send("POST", "/api/v1/lineage", each)).status).toBe(201);
  }
  const silver = { ...lake("silver") };
  expect(await nodesOf({ ...silver, direction: "upstream", depth: "1" })).toEqual([
    ...["bronze", "silver"],
  ]);
  expect(await nodesOf({ ...silver, direction: "downstream", depth: "1" })).toEqual([
    ...["gold", "report", "silver"],
  ]);
  // A ring ends where it began.
  expect(await nodesOf({ ...silver, direction: "upstream", depth: "20" })).toEqual([
    ...["bronze", "gold", "raw", "silver"],
  ]);
  const { body } = await service.get("/v1/lineage", silver);
  expect(body.columns).toEqual([
    {
      from: { ...lake("bronze"), column: "speed" },
      to: { ...lake("silver"), column: "speed_kmh" },
      job: { namespace: "jobs", name: "bronze to silver" },
    },
  ]);
  expect(body.truncated).toBe(false);
});

test("an event that is sent again under its key is there once", async () => {
  for (const key of ["k", "k"]) {
    await service.send("POST", "/api/v1/lineage", event("once", "twice"), {
      "idempotency-key": key,
    });
  }
  const { items } = (await service.get("/v1/lineage/events", { dataset_id: "twice" })).body;
  expect(items).toHaveLength(1);
  expect(items[0].event).toEqual(event("once", "twice"));
  expect(
    await service.all("/v1/lineage/events", { job_namespace: "jobs", limit: "2" }),
  ).toHaveLength(6);
});

test.each([{}, { eventTime: "yesterday" }, { ...event("a", "b"), run: {} }])(
  "what is no event by the standard is refused: %j",
  async (sent) => {
    expect((await service.send("POST", "/api/v1/lineage", sent)).status).toBe(422);
  },
);

test("a graph of nothing is said to be none, and half a name is refused", async () => {
  expect((await service.get("/v1/lineage", { dataset_id: "nothing" })).status).toBe(404);
  expect((await service.get("/v1/lineage", { namespace: "lake" })).status).toBe(422);
});
