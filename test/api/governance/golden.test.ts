import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readObservations } from "../../../ts/governance/wire.ts";
import { httpGovernance } from "../../../ts/governance.ts";
import { TestServer } from "./support/dc43-server.ts";

// Recorded from dc43-service-backends 0.42.0.0 (Apache-2.0).
interface Exchange {
  name: string;
  request: { method: string; path: string; query: Record<string, unknown> | null; json: unknown };
  response: { status: number; json: unknown };
}
const file = "test/api/governance/support/exchanges.json";
const { pairs } = JSON.parse(readFileSync(file, "utf8")) as { pairs: Exchange[] };

function recorded(name: string): Exchange {
  const found = pairs.find((pair) => pair.name === name);
  if (found === undefined) throw new Error(`no exchange ${name}`);
  return found;
}

let exchange: Exchange;
const server = new TestServer(async () => {
  const { status, json } = exchange.response;
  return { status, body: json ?? undefined };
});
beforeEach(() => server.start());
afterEach(() => server.stop());

/** Without what is null: absent and null are the same to dc43. */
function withoutNull(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (_, each) => each ?? undefined);
}

/** Plays the exchange, and holds what was sent against what was recorded. */
async function replay<T>(
  name: string,
  call: (service: ReturnType<typeof httpGovernance>, sent: Sent) => Promise<T>,
): Promise<T> {
  exchange = recorded(name);
  const { method, path, query, json } = exchange.request;
  const answer = await call(httpGovernance(server), json as Sent);
  const [request] = server.requests.splice(0);
  if (request === undefined) throw new Error("nothing was sent");
  const { headers, ...sent } = request;
  const texts = Object.entries(query ?? {}).map(([key, value]) => [key, String(value)]);
  const expected = { method, path, query: Object.fromEntries(texts), body: withoutNull(json) };
  expect({ ...sent, body: withoutNull(sent.body) }).toEqual(expected);
  if (method === "POST") expect(headers).toHaveProperty("idempotency-key");
  return answer;
}

// biome-ignore lint/suspicious/noExplicitAny: what was recorded.
type Sent = any;
const id = "demo.streaming.events_processed";
const dataset = { datasetId: id };
const contract = { contractId: id, contractVersion: "0.1.0" };
const isPlayed = new Set<string>();
const played = (name: string, run: () => Promise<void>) => {
  isPlayed.add(name);
  test(name, run);
};

played("put_contract", () => replay("put_contract", ({ contracts }, sent) => contracts.put(sent)));

played("list_contracts", async () => {
  const page = await replay("list_contracts", ({ contracts }) =>
    contracts.list({ limit: 10, offset: 0 }),
  );
  expect(page).toEqual({ items: [id], total: 1, limit: 10, offset: 0 });
});

played("versions", async () => {
  expect(await replay("versions", ({ contracts }) => contracts.versions(id))).toEqual(["0.1.0"]);
});

played("latest", async () => {
  const latest = await replay("latest", ({ contracts }) => contracts.latest(id));
  expect(latest).toEqual(recorded("latest").response.json);
});

played("missing", async () => {
  expect(await replay("missing", ({ contracts }) => contracts.latest("nope"))).toBeUndefined();
});

played("expectations", async () => {
  const expectations = await replay("expectations", ({ dataQuality }, { contract }) =>
    dataQuality.expectations(contract),
  );
  expect(expectations).toContainEqual({
    key: "ge_value",
    rule: "ge",
    column: "value",
    optional: false,
    params: { threshold: 0 },
    predicate: "`value` >= 0",
  });
});

const outcomes: [string, boolean, string[]][] = [
  ["dq_evaluate_ok", true, []],
  ["dq_evaluate_violation", false, ["column value contains 6 value(s) below 0"]],
  ["dq_evaluate_schema_break", false, ["missing required column: value"]],
];
for (const [name, ok, errors] of outcomes) {
  played(name, async () => {
    const validation = await replay(name, ({ dataQuality }, { contract, payload }) =>
      dataQuality.evaluate(contract, readObservations(payload)),
    );
    expect(validation).toMatchObject({ ok, errors, status: "unknown" });
    expect(validation.schema.timestamp).toMatchObject({ odcsType: "timestamp", nullable: true });
  });
}

const broken = "column value contains 6 value(s) below 0";
const verdicts: [string, string, string[]][] = [
  ["gov_evaluate_ok", "ok", []],
  ["gov_evaluate_block", "block", [broken]],
  ["gov_evaluate_block_read_op", "block", [broken]],
  ["gov_evaluate_draft", "block", [broken]],
];
for (const [name, status, errors] of verdicts) {
  played(name, async () => {
    const assessment = await replay(name, ({ governance }, sent) =>
      governance.evaluate({
        ...contract,
        ...dataset,
        datasetVersion: sent.dataset_version,
        observations: readObservations(sent.observations),
        bump: sent.bump,
        pipelineContext: sent.pipeline_context,
        operation: sent.operation,
        draftOnViolation: sent.draft_on_violation,
      }),
    );
    expect(assessment.status).toMatchObject({ status, errors, ok: status === "ok" });
    expect(assessment.draft?.version).toBe(assessment.status?.details.draft_contract_version);
  });
}

played("gov_status", async () => {
  const status = await replay("gov_status", ({ governance }) =>
    governance.status({ ...contract, ...dataset, datasetVersion: "b-1" }),
  );
  expect(status).toMatchObject({ status: "block", errors: [broken], reason: broken });
  expect(status?.metrics["violations.ge_value"]).toBe(6);
});

played("gov_status_missing", async () => {
  const status = await replay("gov_status_missing", ({ governance }) =>
    governance.status({ ...contract, ...dataset, datasetVersion: "zzz" }),
  );
  expect(status).toBeUndefined();
});

played("gov_status_contract_mismatch", async () => {
  const other = { contractId: id, contractVersion: "9.9.9" };
  const status = await replay("gov_status_contract_mismatch", ({ governance }) =>
    governance.status({ ...other, ...dataset, datasetVersion: "b-1" }),
  );
  const reason = `dataset linked to contract ${id}:0.1.0`;
  expect(status).toMatchObject({ ok: false, status: "block", reason });
});

const pipelineContext = { pipeline: "rides.orders_ingest", run_type: "enforce", run_id: "r-1" };

async function plan() {
  const versionSelector = "==0.1.0";
  return replay("resolve_write", ({ governance }) =>
    governance.resolve("write", {
      contract: { contractId: id, versionSelector },
      ...dataset,
      datasetVersion: "b-0",
      datasetFormat: "delta",
      pipelineContext,
    }),
  );
}

async function assessment() {
  const resolved = await plan();
  return replay("evaluate_write_plan", ({ governance }, { observations }) =>
    governance.evaluatePlan("write", resolved, { observations: readObservations(observations) }),
  );
}

played("resolve_write", async () => {
  const about = { ...dataset, datasetVersion: "b-0", bump: "minor", draftOnViolation: false };
  expect(await plan()).toMatchObject({ ...contract, ...about, pipelineContext });
});

played("evaluate_write_plan", async () => {
  expect(await assessment()).toMatchObject({ status: { ok: true, status: "ok" } });
});

played("register_write", async () => {
  const [resolved, assessed] = [await plan(), await assessment()];
  await replay("register_write", ({ governance }) =>
    governance.register("write", resolved, assessed),
  );
});

played("dp_output_port", async () => {
  const { product, changed } = await replay("dp_output_port", ({ dataProducts }, sent) =>
    dataProducts.addOutputPort("dp.rides", {
      portName: "primary",
      ...contract,
      bump: "minor",
      customProperties: sent.custom_properties,
    }),
  );
  expect({ version: product.version, changed }).toEqual({ version: "0.1.0-draft", changed: true });
});

test("every recorded exchange is played", () => {
  expect(pairs.map(({ name }) => name).filter((name) => !isPlayed.has(name))).toEqual([]);
});
