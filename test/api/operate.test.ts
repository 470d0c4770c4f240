import { beforeEach, expect, test, vi } from "vitest";
import { StreamingQueryError } from "../../ts/errors.ts";
import { adoptQuery, releaseQuery, rewindQuery } from "../../ts/operate.ts";
import { headgate } from "./support/command-line.ts";
import { FakeNative } from "./support/fake-native.ts";
import { failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
const positions = [{ topic: "t", partition: 0, offset: 7n }];
beforeEach(() => {
  engine = new FakeNative();
  engine.operation = { operation: { query: "orders", version: 5n, released: 4n, positions } };
});

test("a release names its query and reason, and tells what it released", async () => {
  const { stdout, status } = await headgate("release", "lake/orders", "--reason", "mended");
  expect(engine.operated).toEqual([["release", "lake/orders", undefined, "mended"]]);
  expect(stdout).toContain("orders is released from its block at version 4, by version 5");
  expect(status).toBe(0);
  engine.operation = { operation: { query: "orders", version: 5n, positions } };
  expect((await headgate("release", "lake/orders")).stdout).toContain("nothing blocks orders");
});

test("adopt and rewind hand over their targets, exact beyond 2^53", async () => {
  await adoptQuery("lake/orders", "orders2", { query: "orders" });
  await rewindQuery("lake/orders", { toVersion: 3 });
  await rewindQuery("lake/orders", { toOffsets: { t: { 0: 9_007_199_254_740_993n } } });
  expect(engine.operated).toEqual([
    ["adopt", "lake/orders", "orders", "orders2"],
    ["rewind", "lake/orders", undefined, 3n, undefined],
    [
      ...["rewind", "lake/orders", undefined, undefined],
      [{ topic: "t", partition: 0, offset: 9_007_199_254_740_993n }],
    ],
  ]);
});

test("on the command line too, with the positions as lines or JSON", async () => {
  expect((await headgate("adopt", "lake/orders", "orders2", "--query", "orders")).stdout).toContain(
    "goes on from 1 positions, by version 5; the old name is retired",
  );
  const { stdout } = await headgate("rewind", "lake/orders", "--to-version", "3");
  expect(stdout).toContain("t-0 from offset 7");
  const json = await headgate("rewind", "lake/orders", "--to-offsets", '{"t":{"0":7}}', "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    event: "operation",
    version: "5",
    positions: [{ topic: "t", partition: 0, offset: "7" }],
  });
});

test("a rewind without a target is refused, and a failure is thrown", async () => {
  await expect(headgate("rewind", "lake/orders")).rejects.toThrow(/--to-version or --to-offsets/);
  engine.operation = { failure: failure({ code: "QUERY_UNKNOWN" }) };
  await expect(releaseQuery("lake/orders")).rejects.toBeInstanceOf(StreamingQueryError);
});
