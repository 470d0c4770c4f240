import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { governanceObserver, httpGovernance } from "../../../ts/governance.ts";
import { contract } from "../../api/governance/support/samples.ts";
import { asking } from "../../api/service/support/service.ts";
import { ctx, told } from "../../api/support/observed.ts";
import { type Cluster, startCluster } from "../../support/postgres/cluster.ts";

const dataset = "rides.pings";
const pings = { contractId: "pings", contractVersion: "1.0.0" };
const BATCHES = 120;

let cluster: Cluster;
const running: ChildProcess[] = [];
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await cluster.stop();
});

async function startService(store: string, port = "0") {
  const program = ["dist/cli/main.js", "serve", "--port", port, "--store", store];
  const child = spawn(process.execPath, [...program, "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, url };
}

/** Tells batches until each was taken, as an observer whose log has them does. */
async function tellAll(url: string, ids: readonly number[]) {
  const { governance } = httpGovernance({ baseUrl: url, timeoutMs: 2_000 });
  const observer = governanceObserver(governance, { dataset, contract: pings });
  for (const id of ids) {
    for (;;) {
      const failure = await Promise.resolve(observer.tell(told(id), ctx)).catch((error) => error);
      if (failure === undefined) break;
    }
  }
}

test("of two services on one database one is killed, and no verdict is lost or counted twice", async () => {
  const store = await cluster.createDatabase("shared");
  const [first, second] = await Promise.all([startService(store), startService(store)]);
  const { contracts, governance } = httpGovernance({ baseUrl: second.url });
  await contracts.put(contract("1.0.0"));
  const ids = Array.from({ length: BATCHES }, (_, id) => id);
  const telling = Promise.all([
    tellAll(first.url, ids),
    tellAll(second.url, ids),
    tellAll(first.url, ids.toReversed()),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  first.child.kill("SIGKILL");
  await once(first.child, "close");
  await startService(store, new URL(first.url).port);
  await telling;
  const ask = asking(second.url);
  const batches = await ask.all(`/v1/datasets/${dataset}/batches`, { limit: "50" });
  expect(batches.map(({ batch_id }) => batch_id).toSorted((a, b) => a - b)).toEqual(ids);
  const { body } = await ask.get(`/v1/datasets/${dataset}`);
  expect(body).toMatchObject({ batches: BATCHES, batches_by_status: { ok: BATCHES } });
  const activity = await ask.all(`/v1/datasets/${dataset}/activity`);
  expect(activity).toHaveLength(BATCHES);
  expect(await governance.statusMatrix(dataset)).toHaveLength(BATCHES);
});

test("a database that crashed is served again, without a restart of the service", async () => {
  const store = await cluster.createDatabase("crashing");
  const { url } = await startService(store);
  await httpGovernance({ baseUrl: url }).contracts.put(contract("1.0.0"));
  await tellAll(url, [0, 1]);
  await cluster.crash();
  expect((await fetch(`${url}/ready`)).status).toBe(503);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  await cluster.start();
  await tellAll(url, [1, 2]);
  expect(await asking(url).all(`/v1/datasets/${dataset}/batches`)).toHaveLength(3);
});

test("a signal lets requests end, and the service with 0", async () => {
  const store = await cluster.createDatabase("stopping");
  const { child, url } = await startService(store);
  const asked = Array.from({ length: 20 }, () => fetch(`${url}/v1/datasets`));
  await Promise.race(asked);
  child.kill("SIGTERM");
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  const answered = await Promise.allSettled(asked);
  for (const each of answered) {
    if (each.status === "fulfilled") expect(each.value.status).toBe(200);
  }
});
