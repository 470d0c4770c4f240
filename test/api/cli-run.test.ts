import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { stringify } from "yaml";
import { run } from "../../ts/cli/run.ts";
import { toWire } from "../../ts/config/spelling.ts";
import { FakeNative } from "./support/fake-native.ts";
import { batch, config, failure } from "./support/samples.ts";

let engine: FakeNative;
let printed: { stdout: string; stderr: string };
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
  printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    const write = vi.spyOn(process[name], "write").mockImplementation((text) => {
      printed[name] += text;
      return true;
    });
    onTestFinished(() => write.mockRestore());
  }
});

function fileOf(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "headgate-run-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const queries = names.map((name) => toWire({ ...config, name }));
  const file = join(folder, "queries.yaml");
  writeFileSync(file, stringify({ queries }));
  return file;
}

async function started(count: number): Promise<void> {
  while (engine.queries.length < count) await sleep(1);
}

test("run prints each batch and ends with 0 when all queries have ended", async () => {
  const running = run(fileOf("one", "two"), { json: true, logLevel: "warn" });
  await started(2);
  engine.queries[1]?.batches.put(batch(3));
  for (const query of engine.queries) query.end();
  expect(await running).toBe(0);
  const lines = printed.stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: "batch", query: "two", batchId: 3, positions: [{ end: "9007199254740993" }] },
  ]);
  expect(printed.stderr).toBe("");
});

test("a query that fails is told once, and stops the others drained", async () => {
  const running = run(fileOf("one", "two"), { logLevel: "warn" });
  await started(2);
  engine.queries[0]?.end(failure());
  expect(await running).toBe(1);
  expect(engine.queries[1]?.stops).toMatchObject([{ drain: true }]);
  expect(printed.stderr.match(/cannot write the log/g)).toHaveLength(1);
});

test("a query that does not start stops those that did", async () => {
  engine.onStart = async () => {
    if (engine.started.length === 2) engine.startFailure = failure();
  };
  const running = run(fileOf("one", "two"), { logLevel: "warn" });
  await expect(running).rejects.toThrow("cannot write the log");
  expect(engine.queries.map(({ stops }) => stops.length)).toEqual([1]);
});

test("a signal drains every query and ends with 0", async () => {
  const running = run(fileOf("one", "two"), { logLevel: "warn" });
  await started(2);
  await sleep(5);
  process.emit("SIGTERM", "SIGTERM");
  expect(await running).toBe(0);
  expect(engine.queries.map(({ stops }) => stops.length)).toEqual([1, 1]);
});
