import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StreamingError } from "../../../ts/errors.ts";
import { fileSystemGovernance, governanceObserver } from "../../../ts/governance.ts";
import { ctx, told } from "../support/observed.ts";
import { recordingLogger } from "../support/recording-logger.ts";
import { blocked, contract } from "./support/samples.ts";

vi.setConfig({ testTimeout: 60_000 });
const dataset = "rides.pings";
const pings = { contractId: "pings", contractVersion: "1.0.0" };
let folder: string;
let running: ChildProcess[];
beforeEach(async () => {
  running = [];
  folder = await mkdtemp(join(tmpdir(), "headgate-governance-"));
  await fileSystemGovernance(folder).contracts.put(contract("1.0.0"));
});
afterEach(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** Another process that tells of `count` batches from `first` on, by the built package. */
function teller(first: number, count: number) {
  const program = "test/api/governance/support/teller.mjs";
  const child = spawn(process.execPath, [program, folder, String(first), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const told: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => told.push(line));
  return { child, told, end: once(child, "close") };
}

const file = () => join(folder, "datasets", `${dataset}.jsonl`);
const versions = async () => {
  const { logger } = recordingLogger();
  const matrix = await fileSystemGovernance(folder, { logger }).governance.statusMatrix(dataset);
  return matrix.map(({ datasetVersion }) => datasetVersion);
};
const range = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => String(first + at));

test("two processes tell one folder, and nothing is lost or mixed", async () => {
  const tellers = [teller(0, 40), teller(1_000, 40)];
  expect(await Promise.all(tellers.map(({ end }) => end))).toEqual([
    [0, null],
    [0, null],
  ]);
  const found = await versions();
  expect(found.filter((version) => Number(version) < 1_000)).toEqual(range(0, 40));
  expect(found.filter((version) => Number(version) >= 1_000)).toEqual(range(1_000, 40));
  const lines = (await readFile(file(), "utf8")).split("\n").filter((line) => line !== "");
  expect(lines.map((line) => JSON.parse(line).kind)).toHaveLength(160);
});

test("a process that is killed loses nothing that it said it had told", async () => {
  for (const [first, after] of [
    [0, 3],
    [1_000, 8],
    [2_000, 1],
  ] as const) {
    const { child, told, end } = teller(first, 1_000);
    await vi.waitFor(() => expect(told.length).toBeGreaterThanOrEqual(after), 20_000);
    child.kill("SIGKILL");
    await end;
    const found = new Set(await versions());
    expect(told.filter((version) => !found.has(version))).toEqual([]);
  }
});

test("a line that was left unfinished is passed over, said, and takes no other with it", async () => {
  const { logger, records } = recordingLogger();
  const { governance } = fileSystemGovernance(folder, { logger });
  const observer = governanceObserver(governance, { dataset, contract: pings });
  const status = (datasetVersion: string) =>
    governance.status({ ...pings, datasetId: dataset, datasetVersion });
  await observer.tell(told(4), ctx);
  const whole = await readFile(file(), "utf8");
  await appendFile(file(), whole.slice(0, whole.length / 3));
  expect(await status("4")).toMatchObject({ status: "ok" });
  // It may be a line that is written right now.
  expect(records).toEqual([]);
  await observer.tell(blocked(5), ctx);
  expect(await status("5")).toMatchObject({ status: "block" });
  expect(await status("4")).toMatchObject({ status: "ok" });
  expect(records).toMatchObject([{ level: "warn", fields: { file: file(), lines: 1 } }]);
});

test("of two who put one version, the first stays", async () => {
  const changes = ["a", "b", "c", "d"].map((status) => contract("2.0.0", { status }));
  const puts = await Promise.allSettled(
    changes.map((each) => fileSystemGovernance(folder).contracts.put(each)),
  );
  const refused = puts.filter((put) => put.status === "rejected").map(({ reason }) => reason);
  expect(refused.map((error) => StreamingError.is(error, "GOVERNANCE_CONFLICT"))).toEqual([
    ...[true, true, true],
  ]);
  const first = puts.findIndex((put) => put.status === "fulfilled");
  const { contracts } = fileSystemGovernance(folder);
  expect(await contracts.get("pings", "2.0.0")).toEqual(changes[first]);
  expect(await readdir(join(folder, "contracts", "pings"))).toEqual(["1.0.0.json", "2.0.0.json"]);
});

test("ports that several add at once are all there in the end", async () => {
  const names = ["a", "b", "c", "d"];
  const added = names.map((portName) =>
    fileSystemGovernance(folder).dataProducts.addOutputPort("dp", { portName, ...pings }),
  );
  expect((await Promise.all(added)).every(({ changed }) => changed)).toBe(true);
  const { dataProducts } = fileSystemGovernance(folder);
  expect(await dataProducts.versions("dp")).toHaveLength(4);
  for (const name of names) {
    expect(await dataProducts.outputPortContract("dp", name)).toEqual(pings);
  }
});

test("what is not ours in the folder is left alone", async () => {
  const { contracts } = fileSystemGovernance(folder);
  await writeFile(join(folder, "contracts", "README"), "");
  await writeFile(join(folder, "contracts", "pings", "%zz.json"), "");
  expect((await contracts.list()).items).toEqual(["pings"]);
  expect(await contracts.versions("pings")).toEqual(["1.0.0"]);
});

test("a draft file that a killed process left is no version", async () => {
  await writeFile(join(folder, "contracts", "pings", ".4711"), "{");
  expect(await fileSystemGovernance(folder).contracts.versions("pings")).toEqual(["1.0.0"]);
});

test("a document that is damaged, and a folder that is none, are said", async () => {
  await writeFile(join(folder, "contracts", "pings", "3.0.0.json"), "{");
  const damaged = await fileSystemGovernance(folder)
    .contracts.latest("pings")
    .catch((e) => e);
  expect(StreamingError.is(damaged, "GOVERNANCE_UNREADABLE")).toBe(true);
  await writeFile(join(folder, "file"), "");
  const { governance } = fileSystemGovernance(join(folder, "file"));
  const link = { datasetId: dataset, datasetVersion: "1" };
  const failed = await governance.link(link, pings).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "GOVERNANCE_STORE", retryable: true });
});

test("ids are never paths", async () => {
  const { contracts, governance } = fileSystemGovernance(folder);
  for (const id of ["..", "../x", "/etc", ".", "a\u2028b", "x".repeat(60)]) {
    await contracts.put(contract("1.0.0", { id }));
    await governance.link({ datasetId: id, datasetVersion: id }, { ...pings, contractId: id });
    expect(await governance.linked(id, id)).toEqual({ ...pings, contractId: id });
  }
  expect((await contracts.list()).items).toContain("../x");
  expect((await readdir(folder)).sort()).toEqual(["contracts", "datasets"]);
});
