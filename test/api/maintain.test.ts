import { beforeEach, expect, test, vi } from "vitest";
import { optimizeTable, vacuumTable } from "../../ts/maintain.ts";
import { headgate } from "./support/command-line.ts";
import { FakeNative } from "./support/fake-native.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
const done = { filesRemoved: 1_200n, filesAdded: 3n, bytesRemoved: 5n << 20n, bytesAdded: 2_048n };
beforeEach(() => {
  engine = new FakeNative();
  engine.optimized = { optimized: { version: 9n, ...done, conflicts: 0n } };
});

test("optimize hands over its columns and size, and tells what became of the files", async () => {
  const words = ["--z-order", "city, vehicle_id", "--target-file-size", "256MiB"];
  const { status, stdout } = await headgate("optimize", "lake/gps", ...words);
  expect(engine.operated).toEqual([["optimize", "lake/gps", ["city", "vehicle_id"], "256MiB"]]);
  expect(stdout).toBe("1,200 files of 5 MiB became 3 of 2 KiB, by version 9\n");
  expect(status).toBe(0);
});

test("nothing to rewrite, and what was left to others, is said", async () => {
  const none = { filesRemoved: 0n, filesAdded: 0n, bytesRemoved: 0n, bytesAdded: 0n };
  engine.optimized = { optimized: { ...none, conflicts: 2n } };
  const { stdout } = await headgate("optimize", "lake/gps");
  expect(stdout).toContain("there was nothing to rewrite");
  expect(stdout).toContain("2 groups of files were left to another writer");
});

test("a report keeps its integers exact in JSON", async () => {
  const report = await optimizeTable("lake/gps");
  expect(JSON.parse(JSON.stringify(report))).toMatchObject({ version: "9", filesRemoved: "1200" });
});

test("vacuum tells the files that it would delete, or how many it did", async () => {
  const { stdout } = await headgate("vacuum", "lake/gps", "--dry-run", "--retention", "30 days");
  expect(engine.operated).toEqual([["vacuum", "lake/gps", "30 days", true]]);
  expect(stdout).toBe("a.parquet\nb.parquet\n2 files would be deleted\n");
  expect((await headgate("vacuum", "lake/gps")).stdout).toBe("2 files are deleted\n");
  expect(await vacuumTable("lake/gps")).toEqual(["a.parquet", "b.parquet"]);
  const json = await headgate("vacuum", "lake/gps", "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ event: "vacuumed", dryRun: false });
});

test("checkpoint tells its version and what it made dispensable", async () => {
  const { stdout } = await headgate("checkpoint", "lake/gps");
  expect(stdout).toBe("checkpoint of version 7 written, 3 log files deleted\n");
});
