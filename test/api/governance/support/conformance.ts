import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StreamingError } from "../../../../ts/errors.ts";
import type { EvaluateRequest, GovernanceService } from "../../../../ts/governance.ts";
import { contract } from "./samples.ts";

export type Opened = { service: GovernanceService; close(): Promise<void> };

const pings = { contractId: "pings", contractVersion: "1.0.0" };
const dataset = (datasetVersion: string) => ({ datasetId: "lake/pings é", datasetVersion });

/** What is said of a dataset version that has so many violations. */
function evaluation(datasetVersion: string, violations: number): EvaluateRequest {
  const metrics = { row_count: 10, "violations.required_speed": violations };
  return {
    ...pings,
    ...dataset(datasetVersion),
    operation: "write",
    observations: { metrics, schema: { speed: { odcsType: "number", nullable: false } } },
    pipelineContext: { pipeline: "gate", run_type: "enforce" },
  };
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return StreamingError.is(error) ? error.code : error;
}

/** What every governance service of ours does alike. */
export function conformance(name: string, open: () => Promise<Opened>): void {
  describe(name, () => {
    let opened: Opened;
    let service: GovernanceService;
    beforeEach(async () => {
      opened = await open();
      service = opened.service;
    });
    afterEach(() => opened.close());

    test("a contract is there as it was put, in its versions", async () => {
      const { contracts } = service;
      for (const version of ["1.10.0", "1.9.0", "2.0.0-rc.1"])
        await contracts.put(contract(version));
      expect(await contracts.get("pings", "1.9.0")).toEqual(contract("1.9.0"));
      expect(await contracts.versions("pings")).toEqual(["1.9.0", "1.10.0", "2.0.0-rc.1"]);
      expect(await contracts.latest("pings")).toEqual(contract("1.10.0"));
      expect(await contracts.get("pings", "3.0.0")).toBeUndefined();
      expect(await contracts.latest("nothing")).toBeUndefined();
      expect(await contracts.versions("nothing")).toEqual([]);
    });

    test("a version never changes what it says", async () => {
      const { contracts } = service;
      await contracts.put(contract("1.0.0"));
      await contracts.put(contract("1.0.0"));
      const other = contracts.put(contract("1.0.0", { status: "retired" }));
      expect(await codeOf(other)).toBe("GOVERNANCE_CONFLICT");
      expect(await contracts.get("pings", "1.0.0")).toEqual(contract("1.0.0"));
    });

    test.each([{ id: "" }, { id: undefined }, { version: "" }])(
      "a contract without a name is refused: %j",
      async (change) => {
        const put = service.contracts.put(contract("1.0.0", change));
        expect(await codeOf(put)).toBe("GOVERNANCE_INVALID");
      },
    );

    test("ids are listed by the page, whatever they are spelled like", async () => {
      const ids = ["a", "b%2F", "c d", "é", ".hidden"];
      for (const id of ids) await service.contracts.put(contract("1.0.0", { id }));
      const all = await service.contracts.list();
      expect(all).toEqual({ items: ids.toSorted(), total: 5, offset: 0 });
      const page = await service.contracts.list({ limit: 2, offset: 1 });
      expect(page).toEqual({ items: ids.toSorted().slice(1, 3), total: 5, limit: 2, offset: 1 });
      for (const id of ids) {
        expect(await service.contracts.get(id, "1.0.0")).toMatchObject({ id });
      }
    });

    test("a port makes a draft of its product, once", async () => {
      const { dataProducts } = service;
      const port = { portName: "primary", ...pings, customProperties: { owner: "lake" } };
      const first = await dataProducts.addOutputPort("dp.rides", port);
      expect(first).toEqual({
        product: {
          apiVersion: "1.0.0",
          kind: "DataProduct",
          id: "dp.rides",
          status: "draft",
          version: "0.1.0-draft",
          outputPorts: [
            {
              name: "primary",
              version: "1.0.0",
              contractId: "pings",
              customProperties: [{ property: "owner", value: "lake" }],
            },
          ],
        },
        changed: true,
      });
      expect(await dataProducts.addOutputPort("dp.rides", port)).toEqual({
        ...first,
        changed: false,
      });
      const input = {
        portName: "raw",
        ...pings,
        sourceDataProduct: "dp.raw",
        sourceOutputPort: "x",
      };
      const second = await dataProducts.addInputPort("dp.rides", input);
      expect(second.product).toMatchObject({ version: "0.1.0-draft.1", outputPorts: [{}] });
      expect(await dataProducts.versions("dp.rides")).toEqual(["0.1.0-draft", "0.1.0-draft.1"]);
      expect(await dataProducts.outputPortContract("dp.rides", "primary")).toEqual(pings);
      expect(await dataProducts.outputPortContract("dp.rides", "raw")).toBeUndefined();
      await dataProducts.put({ ...second.product, version: "0.1.0", status: "active" });
      const third = await dataProducts.addOutputPort("dp.rides", {
        ...port,
        contractVersion: "2.0.0",
        bump: "major",
      });
      expect(third.product).toMatchObject({
        version: "1.0.0-draft",
        outputPorts: [{ version: "2.0.0" }],
      });
      expect(await dataProducts.outputPortContract("dp.rides", "primary")).toEqual(pings);
    });

    test("a context is resolved to a contract, by selector or by port", async () => {
      const { contracts, dataProducts, governance } = service;
      for (const version of ["1.0.0", "1.1.0", "2.0.0-draft"])
        await contracts.put(contract(version));
      const of = async (versionSelector?: string) => {
        const selected = { contractId: "pings", ...(versionSelector && { versionSelector }) };
        return (await governance.resolve("write", { contract: selected })).contractVersion;
      };
      expect([await of(), await of("==1.0.0"), await of(">=1.0.0"), await of("newest")]).toEqual([
        ...["1.1.0", "1.0.0", "1.1.0", "2.0.0-draft"],
      ]);
      await dataProducts.addOutputPort("dp", { portName: "out", ...pings });
      const outputBinding = { dataProduct: "dp", portName: "out" };
      const context = { outputBinding, ...dataset("1"), datasetFormat: "delta" };
      const plan = await governance.resolve("write", { ...context, pipelineContext: "gate" });
      expect(plan).toMatchObject({ ...context, ...pings, contract: contract("1.0.0") });
      const inputBinding = { dataProduct: "x", sourceDataProduct: "dp", sourceOutputPort: "out" };
      expect(await governance.resolve("read", { inputBinding })).toMatchObject(pings);
    });

    test.each([
      { contract: { contractId: "nothing" } },
      { contract: { contractId: "pings", contractVersion: "9.0.0" } },
      { contract: { contractId: "pings", versionSelector: ">=9.0.0" } },
      { outputBinding: { dataProduct: "dp", portName: "nothing" } },
      {
        outputBinding: { dataProduct: "dp", portName: "out" },
        allowedDataProductStatuses: ["active"],
      },
      {},
    ])("a context that leads nowhere is refused: %j", async (context) => {
      await service.contracts.put(contract("1.0.0"));
      await service.dataProducts.addOutputPort("dp", { portName: "out", ...pings });
      const code = await codeOf(service.governance.resolve("write", context));
      expect(["GOVERNANCE_NO_CONTRACT", "GOVERNANCE_REFUSED"]).toContain(code);
    });

    test("what was measured is judged by the rules of the contract", async () => {
      const { dataQuality } = service;
      const key = "required_speed";
      const expectations = await dataQuality.expectations(contract("1.0.0"));
      expect(expectations).toContainEqual({
        key,
        rule: "not_null",
        column: "speed",
        optional: false,
      });
      const of = (violations: number, schema = {}) =>
        dataQuality.evaluate(contract("1.0.0"), {
          metrics: { row_count: 10, [`violations.${key}`]: violations },
          schema: { speed: { odcsType: "number" }, ...schema },
        });
      expect(await of(0)).toMatchObject({ ok: true, errors: [] });
      expect(await of(3)).toMatchObject({ ok: false, errors: [`${key}: 3 violations`] });
      const quality = [{ type: "library", metric: "nullValues", mustBe: 0, severity: "warning" }];
      const properties = [{ name: "speed", logicalType: "number", quality }];
      const mild = contract("1.1.0", { schema: [{ name: "pings", properties }] });
      const [rule] = (await dataQuality.expectations(mild)).filter(({ rule }) => rule !== "type");
      const metrics = { [`violations.${rule?.key}`]: 2 };
      const warned = await dataQuality.evaluate(mild, { metrics });
      expect(warned).toMatchObject({ ok: true, warnings: [`${rule?.key}: 2 violations`] });
      await service.contracts.put(mild);
      const judged = await service.governance.evaluate({
        ...{ ...pings, contractVersion: "1.1.0", ...dataset("1") },
        ...{ operation: "write", observations: { metrics } },
      });
      expect(judged.status).toMatchObject({ status: "warn", ok: true });
      const missing = await dataQuality.evaluate(contract("1.0.0"), { metrics: {}, schema: {} });
      expect(missing.errors).toEqual(["missing required column: speed"]);
    });

    test("a good batch never hides an earlier block", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      for (const violations of [0, 3, 0]) await governance.evaluate(evaluation("7", violations));
      await governance.evaluate(evaluation("8", 0));
      const status = await governance.status({ ...pings, ...dataset("7") });
      const reason = "required_speed: 3 violations";
      expect(status).toMatchObject({ ok: false, status: "block", errors: [reason], reason });
      expect(await governance.statusMatrix("lake/pings é")).toEqual([
        { ...pings, ...dataset("7"), status: "block" },
        { ...pings, ...dataset("8"), status: "ok" },
      ]);
      const filter = { datasetVersions: ["8"], contractIds: ["pings"] };
      expect(await governance.statusMatrix("lake/pings é", filter)).toHaveLength(1);
      expect(await governance.datasetRecords(dataset("7"))).toMatchObject([
        {
          ...pings,
          datasetName: "lake/pings é",
          status: "block",
          violations: 3,
          runType: "enforce",
        },
      ]);
      const [activity] = await governance.activity({ ...dataset("7"), includeStatus: true });
      expect(activity?.events.map(({ dqStatus }) => dqStatus)).toEqual(["ok", "block", "ok"]);
      expect(activity?.events[0]?.pipelineContext).toMatchObject({ pipeline: "gate" });
      expect(activity?.validationStatus?.status).toBe("block");
    });

    test("what is told again with its key counts once", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      for (const idempotencyKey of ["lake/pings é@7", "lake/pings é@7", "other"]) {
        await governance.evaluate(evaluation("7", 0), { idempotencyKey });
      }
      const [activity] = await governance.activity({ datasetId: "lake/pings é" });
      expect(activity?.events).toHaveLength(2);
      expect(await governance.metrics(dataset("7"))).toHaveLength(4);
    });

    test("metrics are kept by dataset version and contract", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      await governance.evaluate(evaluation("7", 3));
      const all = await governance.metrics({ datasetId: "lake/pings é", contractId: "pings" });
      expect(all).toContainEqual({
        ...pings,
        ...dataset("7"),
        statusRecordedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        metricKey: "violations.required_speed",
        metricValue: "3",
        metricNumericValue: 3,
      });
      expect(await governance.metrics({ datasetId: "lake/pings é", contractVersion: "2" })).toEqual(
        [],
      );
      expect(await governance.metrics({ datasetId: "nothing" })).toEqual([]);
    });

    test("a version that was held against another contract is blocked", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      await governance.evaluate(evaluation("7", 0));
      const of = { contractId: "pings", contractVersion: "9.9.9", ...dataset("7") };
      expect(await governance.status(of)).toMatchObject({
        ok: false,
        status: "block",
        reason: "dataset linked to contract pings:1.0.0",
      });
      expect(await governance.status({ ...of, datasetVersion: "8" })).toBeUndefined();
    });

    test("dataset versions are linked to contracts", async () => {
      const { contracts, governance } = service;
      const link = { contractId: "a:b", contractVersion: "2.0.0" };
      expect(await contracts.linked("pings", "1")).toBeUndefined();
      await contracts.link({ datasetId: "pings", datasetVersion: "1" }, pings);
      await governance.link({ datasetId: "pings", datasetVersion: "2" }, link);
      expect(await contracts.linked("pings", "1")).toEqual(pings);
      expect(await governance.linked("pings", "2")).toEqual(link);
      expect(await governance.linked("pings")).toEqual(link);
      expect(await governance.linked("pings", "3")).toBeUndefined();
      expect(await governance.datasets()).toEqual(["pings"]);
    });

    test("a plan is judged, then registered", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      const { operation, observations, ...context } = evaluation("7", 3);
      const plan = await governance.resolve("read", { ...context, contract: pings });
      const assessment = await governance.evaluatePlan("read", plan, {
        observations: { metrics: { row_count: 10, "violations.required_speed": 3 }, reused: true },
      });
      expect(assessment).toMatchObject({ observationsReused: true, status: { status: "block" } });
      expect(await governance.activity(dataset("7"))).toEqual([]);
      await governance.register("read", plan, assessment);
      const [activity] = await governance.activity(dataset("7"));
      expect(activity?.events).toMatchObject([
        { ...pings, operation: "read", dqStatus: "block", observationsReused: true },
      ]);
    });

    test("a draft keeps every rule, and gains the columns that were seen", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      const request = { ...evaluation("7", 3), draftOnViolation: true };
      const schema = { speed: {}, colour: { odcsType: "string" } };
      const observations = { metrics: { "violations.required_speed": 3 }, schema };
      const { draft, status } = await governance.evaluate({ ...request, observations });
      expect(draft).toMatchObject({ id: "pings", status: "draft" });
      expect(draft?.version).toMatch(/^1\.1\.0-draft-7-lake-pings-gate-[0-9a-f]{8}$/);
      expect(status?.details.draft_contract_version).toBe(draft?.version);
      const speed = { name: "speed", logicalType: "number", required: true };
      const colour = { name: "colour", physicalType: "string", required: false };
      expect(draft?.schema).toEqual([{ name: "pings", properties: [speed, colour] }]);
      const fine = { ok: true, status: "ok" as const, errors: [], warnings: [] };
      const validation = { ...fine, metrics: {}, schema: {}, details: {} };
      const base = { validation, baseContract: contract("1.0.0") };
      expect(await governance.review(base)).toBeUndefined();
      expect(await governance.review({ ...base, draftRequested: true })).toMatchObject({
        id: "pings",
      });
      expect((await governance.draft({ ...base, bump: "major" })).version).toMatch(
        /^2\.0\.0-draft-/,
      );
    });

    test("a lineage event is kept with its datasets", async () => {
      const { contracts, governance } = service;
      await contracts.put(contract("1.0.0"));
      await governance.evaluate(evaluation("7", 0));
      await governance.evaluate(evaluation("8", 0));
      const about = (name: string, facets = {}) => ({
        eventType: "RUNNING",
        outputs: [{ namespace: "lake", name, facets }],
      });
      const events = [
        about("lake/pings é"),
        about("lake/pings é", { version: { datasetVersion: "7" } }),
        about("other", { version: { datasetVersion: "7" } }),
      ];
      for (const event of events) await governance.lineage(event);
      const activity = await governance.activity({ datasetId: "lake/pings é" });
      expect(activity.map(({ lineageEvent }) => lineageEvent)).toEqual([events[1], events[0]]);
      expect(["GOVERNANCE_INVALID", "GOVERNANCE_REFUSED"]).toContain(
        await codeOf(governance.lineage({ eventType: "RUNNING" })),
      );
      await governance.authenticate({ user: "gate" });
    });
  });
}
