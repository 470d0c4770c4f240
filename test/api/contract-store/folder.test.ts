import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contractStore } from "../../../ts/contract-store/open.ts";
import { selectContract } from "../../../ts/contract-store/select.ts";
import { StreamingError } from "../../../ts/errors.ts";
import { fileSystemGovernance } from "../../../ts/governance.ts";
import { contract } from "../governance/support/samples.ts";

vi.setConfig({ testTimeout: 60_000 });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-contracts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const caught = (work: Promise<unknown>) => work.catch((error: unknown) => error);

test("a version is there once it is published, and is never replaced", async () => {
  const store = contractStore({ path: "contracts" }, { baseDir: folder });
  await store.publish(contract("1.0.0"));
  await store.publish({ ...contract("1.0.0") });
  const error = await caught(store.publish(contract("1.0.0", { status: "retired" })));
  expect(StreamingError.is(error, "CONTRACT_CONFLICT")).toBe(true);
  expect(await readdir(join(folder, "contracts", "pings"))).toEqual(["1.0.0.json"]);
  const found = await store.read("pings", "1.0.0");
  expect(JSON.parse(found?.text ?? "")).toEqual(contract("1.0.0"));
});

test("what people put there as YAML is a version, with its text as it was written", async () => {
  const text = `# ours\napiVersion: v3.1.0\nkind: DataContract\nid: pings\nversion: "1.10"\nstatus: active\n`;
  await mkdir(join(folder, "pings"));
  await writeFile(join(folder, "pings", "1.10.odcs.yaml"), text);
  await writeFile(join(folder, "pings", "README.md"), "");
  await writeFile(join(folder, "pings", ".4711"), "{");
  const store = contractStore({ path: folder });
  await store.publish(contract("1.9"));
  const found = await selectContract(store, "pings");
  expect(found).toMatchObject({ version: "1.10", text, place: expect.stringContaining(".yaml") });
  // It is no other version's place either.
  const error = await caught(store.publish(contract("1.10")));
  expect(error).toMatchObject({ code: "CONTRACT_CONFLICT" });
  await writeFile(join(folder, "pings", "1.10.json"), "{}");
  expect(await caught(selectContract(store, "pings"))).toMatchObject({
    ...{ code: "CONTRACT_STORE_REFUSED", retryable: false },
    context: { actual: expect.stringContaining("one version") },
  });
});

test("the contracts of a governance folder are a store", async () => {
  await fileSystemGovernance(folder).contracts.put(contract("1.0.0"));
  const store = contractStore({ path: join(folder, "contracts") });
  expect(await store.versions("pings")).toEqual(["1.0.0"]);
  await store.publish(contract("2.0.0"));
  expect(await fileSystemGovernance(folder).contracts.latest("pings")).toEqual(contract("2.0.0"));
});

test("ids are never paths", async () => {
  const store = contractStore({ path: join(folder, "contracts") });
  for (const id of ["..", "../x", "/etc", ".", "a:b/c"]) {
    await store.publish(contract("1.0.0/../2", { id }));
    expect((await selectContract(store, id)).document.id).toBe(id);
  }
  expect(await readdir(folder)).toEqual(["contracts"]);
});

test("a contract without a version, a damaged file and a folder that is none are said", async () => {
  const store = contractStore({ path: folder });
  const nameless = await caught(store.publish(contract("1", { version: 1 })));
  expect(nameless).toMatchObject({ code: "CONTRACT_INVALID", context: { actual: "number" } });
  await store.publish(contract("1.0.0"));
  await writeFile(join(folder, "pings", "1.1.0.json"), "{");
  expect(await caught(selectContract(store, "pings"))).toMatchObject({
    ...{ code: "CONTRACT_INVALID", message: expect.stringContaining("1.1.0.json") },
  });
  await writeFile(join(folder, "file"), "");
  const none = await caught(contractStore({ path: join(folder, "file") }).versions("pings"));
  expect(none).toMatchObject({ code: "CONTRACT_STORE_REFUSED", context: { actual: "ENOTDIR" } });
});

/** Another process that publishes versions 1 to `count`, by the built package. */
async function publisher(status: string, count: number): Promise<string[]> {
  const program = "test/api/contract-store/support/publisher.mjs";
  const child = spawn(process.execPath, [program, folder, status, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (data) => {
    said += data;
  });
  expect(await once(child, "close")).toEqual([0, null]);
  return said.trim().split("\n");
}

test("two processes that publish the same are both right", async () => {
  const [a, b] = await Promise.all([publisher("active", 40), publisher("active", 40)]);
  expect(new Set([...a, ...b])).toEqual(new Set(["published"]));
  expect(await contractStore({ path: folder }).versions("pings")).toHaveLength(40);
});

test("of two processes that publish different content, one is refused for each version", async () => {
  const [a, b] = await Promise.all([publisher("active", 40), publisher("retired", 40)]);
  const names = await readdir(join(folder, "pings"));
  expect(names).toHaveLength(40);
  for (let at = 0; at < 40; at += 1) {
    expect([a[at], b[at]].sort()).toEqual(["CONTRACT_CONFLICT", "published"]);
    const text = await readFile(join(folder, "pings", `${at + 1}.json`), "utf8");
    expect(JSON.parse(text).status).toBe(a[at] === "published" ? "active" : "retired");
  }
});
