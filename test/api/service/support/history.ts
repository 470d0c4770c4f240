import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { governanceObserver, httpGovernance } from "../../../../ts/governance.ts";
import { blocked, contract } from "../../governance/support/samples.ts";
import { ctx, told } from "../../support/observed.ts";
import type { TestService } from "./service.ts";

const dataset = "rides.pings";
const pings = { contractId: "pings", contractVersion: "1.0.0" };
const path = `/v1/datasets/${dataset}`;
const at = (batchId: number) => new Date(Date.UTC(2026, 10, 21, 9, 0, 0, batchId)).toISOString();

/** What the history of a dataset answers, on whichever database. */
export function historySuite(name: string, open: () => Promise<TestService>): void {
  describe(name, () => {
    let service: TestService;
    beforeAll(async () => {
      service = await open();
      const { contracts, governance } = httpGovernance({ baseUrl: service.url });
      await contracts.put(contract("1.0.0"));
      const observer = governanceObserver(governance, { dataset, contract: pings });
      for (let id = 0; id < 25; id += 1) {
        const change = { batchUuid: `uuid-${id}`, timestamp: at(id) };
        await observer.tell(id % 10 === 7 ? blocked(id, change) : told(id, change), ctx);
      }
      // Told again, as after a crash between telling and the next commit.
      await observer.tell(told(24, { batchUuid: "uuid-24", timestamp: at(24) }), ctx);
    });
    afterAll(() => service.stop());

    test("every micro-batch is an entry of its own, the newest first", async () => {
      const batches = await service.all(`${path}/batches`, { limit: "10" });
      expect(batches.map(({ batch_id }) => batch_id)).toEqual(
        Array.from({ length: 25 }, (_, each) => 24 - each),
      );
      expect(batches[0]).toMatchObject({
        dataset_version: "24",
        batch_uuid: "uuid-24",
        happened_at: at(24),
        status: "ok",
        source: "client",
        query: "events",
        contract: { id: "pings", version: "1.0.0" },
        counts: { records: expect.any(Number) },
      });
      const { body } = await service.get(`${path}/batches/${batches[0].id}`);
      expect(body.schema).toMatchObject({ speed: { odcs_type: "number", nullable: true } });
    });

    test("a page says where the next one begins, and the last says nothing", async () => {
      const first = await service.get(`${path}/batches`, { limit: "20" });
      expect(first.body.items).toHaveLength(20);
      const second = await service.get(`${path}/batches`, {
        limit: "20",
        cursor: first.body.next,
      });
      expect(second.body.items).toHaveLength(5);
      expect(second.body).not.toHaveProperty("next");
    });

    test("a cursor of something else is refused", async () => {
      for (const cursor of ["x", "AAAA", Buffer.from('["a"]').toString("base64url")]) {
        expect((await service.get(`${path}/batches`, { cursor })).status).toBe(422);
      }
    });

    test.each([
      [{ status: "block" }, [17, 7]],
      [{ status: ["block", "ok"], from: at(16), to: at(18) }, [17, 16]],
      [{ dataset_version: "3" }, [3]],
      [{ query: "nobody" }, []],
      [{ contract_id: "pings", from: at(23) }, [24, 23]],
      [{ contract_version: "9" }, []],
      [{ source: "ledger" }, []],
    ])("the service filters: %j", async (query, ids) => {
      const { body } = await service.get(`${path}/batches`, query);
      expect(body.items.map((batch: { batch_id: number }) => batch.batch_id)).toEqual(ids);
    });

    test("a dataset is as bad as the worst of its batches", async () => {
      const { body } = await service.get(path);
      expect(body).toMatchObject({
        dataset_id: dataset,
        status: "block",
        batches: 25,
        batches_by_status: { ok: 23, block: 2, warn: 0 },
        last_batch_at: at(24),
        contract: { id: "pings", version: "1.0.0" },
      });
      const { items } = (await service.get("/v1/datasets", { prefix: "rides." })).body;
      expect(items).toMatchObject([{ dataset_id: dataset, status: "block" }]);
      expect((await service.get("/v1/datasets", { prefix: "nothing" })).body.items).toEqual([]);
      expect((await service.get("/v1/datasets/nothing")).status).toBe(404);
    });

    test("versions, by the worst of each", async () => {
      const all = await service.all(`${path}/versions`, { limit: "7" });
      expect(all).toHaveLength(25);
      const { items } = (await service.get(`${path}/versions`, { status: "block" })).body;
      expect(items.map((each: { dataset_version: string }) => each.dataset_version)).toEqual([
        ...["17", "7"],
      ]);
    });

    test("one metric over time", async () => {
      const { body: names } = await service.get(`${path}/metrics`);
      expect(names).toContain("violations.required_speed");
      const all = await service.all(`${path}/metric-history`, { metric: "row_count", limit: "9" });
      expect(all).toHaveLength(25);
      expect(all[0]).toMatchObject({ happened_at: at(24), batch_id: 24, status: "ok" });
      expect((await service.get(`${path}/metric-history`)).status).toBe(422);
    });

    test("activity and links are there by the page", async () => {
      const activity = await service.all(`${path}/activity`, { limit: "10" });
      expect(activity).toHaveLength(25);
      expect(activity[0]).toMatchObject({
        operation: "write",
        status: "ok",
        dataset_version: "24",
      });
      expect(await service.all(`${path}/links`, { limit: "10" })).toHaveLength(25);
    });

    test("which dataset was held against which contract version", async () => {
      const query = { contract_id: "pings" };
      const { items } = (await service.get("/v1/compatibility", query)).body;
      expect(items).toEqual([
        expect.objectContaining({
          dataset_id: dataset,
          contract: { id: "pings", version: "1.0.0" },
          status: "block",
          batches: 25,
        }),
      ]);
    });

    test("a block says who released it", async () => {
      const release = { blocked_batch_id: 17, by: "ops@example", reason: "checked by hand" };
      for (const key of ["a", "a"]) {
        const { status } = await service.send("POST", `${path}/releases`, release, {
          "idempotency-key": key,
        });
        expect(status).toBe(204);
      }
      const { items } = (await service.get(`${path}/batches`, { status: "block" })).body;
      expect(items[0].release).toMatchObject({ by: "ops@example", reason: "checked by hand" });
      expect(items[1].release).toBeNull();
      expect(await service.all(`${path}/releases`)).toHaveLength(1);
    });

    describe("the status that dc43's service stores of a version", () => {
      const at = (name: string, version = "1") => `/datasets/${name}/versions/${version}/status`;
      const put = (path: string, status: string, contract = "pings") =>
        service.send("PUT", path, { contract_id: contract, contract_version: "1.0.0", status });
      const withdraw = async (path: string) =>
        expect((await fetch(`${service.url}${path}`, { method: "DELETE" })).status).toBe(204);

      test("is that under the contract that came last", async () => {
        for (const contract of ["pings", "other", "pings"]) {
          await put(at("stored.c"), "ok", contract);
        }
        expect((await service.get(at("stored.c"))).body).toMatchObject({ contract_id: "pings" });
      });

      test("is gone when it is withdrawn, and its history stays and says so", async () => {
        await put(at("stored.d"), "block");
        await put(at("stored.d", "2"), "block");
        await withdraw(at("stored.d"));
        await withdraw(at("stored.d"));
        expect((await service.get(at("stored.d"))).status).toBe(404);
        const other = await service.get(at("stored.d", "2"));
        expect(other.body).toMatchObject({ status: "block" });
        const batches = await service.all("/v1/datasets/stored.d/batches");
        expect(batches.map(({ status }) => status)).toEqual(["block", "block"]);
        const { body } = await service.get("/v1/datasets/stored.d");
        expect(body).toMatchObject({ status: "block" });
        const activity = await service.all("/v1/datasets/stored.d/activity");
        expect(activity).toMatchObject([{ operation: "withdraw", dataset_version: "1" }]);
        await put(at("stored.d"), "ok");
        expect((await service.get(at("stored.d"))).body).toMatchObject({ status: "ok" });
      });
    });

    test("a query's datasets are in the lineage without any configuration", async () => {
      const { body } = await service.get("/v1/lineage", { dataset_id: dataset });
      const output = { namespace: "file", name: "/lake/my events" };
      expect(body.roots).toEqual([output]);
      expect(body.edges).toContainEqual(
        expect.objectContaining({
          from: { namespace: "kafka://broker-1:9093", name: "events" },
          to: output,
          job: { namespace: "headgate", name: "events" },
          role: "output",
        }),
      );
      const topic = { namespace: "kafka://broker-1:9093", name: "events" };
      const down = await service.get("/v1/lineage", { ...topic, direction: "downstream" });
      expect(down.body.edges.map(({ role }: { role: string }) => role).toSorted()).toEqual([
        ...["dead_letters", "output", "rejects"],
      ]);
    });
  });
}
