import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { governanceObserver, httpGovernance } from "../../../ts/governance.ts";
import { backUp } from "../../../ts/service/back-up.ts";
import { contract } from "../../api/governance/support/samples.ts";
import { testService } from "../../api/service/support/service.ts";
import { ctx, told } from "../../api/support/observed.ts";
import { type Cluster, startCluster } from "../../support/postgres/cluster.ts";

const dataset = "rides.pings";
const pings = { contractId: "pings", contractVersion: "1.0.0" };
let folder: string;
let cluster: Cluster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-back-up-"));
  cluster = await startCluster();
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

async function tell(url: string, ids: readonly number[]) {
  const { contracts, governance } = httpGovernance({ baseUrl: url });
  await contracts.put(contract("1.0.0"));
  const observer = governanceObserver(governance, { dataset, contract: pings });
  for (const id of ids) await observer.tell(told(id), ctx);
}

async function historyOf(store: string) {
  const service = await testService({ store });
  try {
    return await service.all(`/v1/datasets/${dataset}/batches`);
  } finally {
    await service.stop();
  }
}

test("the embedded database is backed up while it is written to, and restored by a copy", async () => {
  const store = join(folder, "store");
  const service = await testService({ store });
  await tell(service.url, [0, 1, 2]);
  const telling = tell(service.url, [3, 4, 5]);
  const file = join(folder, "back-up.db");
  await backUp(store, file);
  await telling;
  await service.stop();
  const restored = join(folder, "restored");
  await cp(file, join(restored, "headgate.db"));
  const ids = (await historyOf(restored)).map(({ batch_id }) => batch_id);
  expect(ids.slice(-3)).toEqual([2, 1, 0]);
  await expect(backUp(store, file)).rejects.toMatchObject({ code: "GOVERNANCE_STORE" });
});

test("PostgreSQL is backed up by its own tools", async () => {
  const store = await cluster.createDatabase("one");
  const service = await testService({ store });
  await tell(service.url, [0, 1, 2]);
  const file = join(folder, "governance.dump");
  await cluster.run("pg_dump", ["-Fc", "-f", file, "one"]);
  await service.stop();
  const restored = await cluster.createDatabase("two");
  await cluster.run("pg_restore", ["-d", "two", file]);
  expect(await historyOf(restored)).toEqual(await historyOf(store));
});
