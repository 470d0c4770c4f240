import { beforeEach, expect, test, vi } from "vitest";
import { StreamingError } from "../../ts/errors.ts";
import { MemoryStream, type MemoryStreamRecord } from "../../ts/memory-stream.ts";
import { FakeNative } from "./support/fake-native.ts";
import { failure } from "./support/samples.ts";

let engine: FakeNative;
vi.mock(import("../../ts/native.ts"), () => ({ native: () => engine.binding }));
beforeEach(() => {
  engine = new FakeNative();
});

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

test("rows are pushed as JSON without a loss", () => {
  const stream = new MemoryStream();
  stream.push({ id: 9007199254740993n, at: new Date(0) });
  stream.push([{ id: 1 }, { id: null, tags: ["a"] }]);
  expect(engine.pushed.map((records) => records.map(({ value }) => text(value)))).toEqual([
    ['{"id":9007199254740993,"at":"1970-01-01T00:00:00.000Z"}'],
    ['{"id":1}', '{"id":null,"tags":["a"]}'],
  ]);
});

test("records are pushed as they are", () => {
  const stream = new MemoryStream({ name: "rides", partitions: 3 });
  const headers = { source: "app", raw: Uint8Array.of(1), none: null };
  const timestamp = new Date(1_700_000_000_000);
  stream.pushRecords([
    { value: "{", key: "k", headers, timestamp, partition: 2 },
    { value: null, timestamp: 5 },
  ]);
  const [[full, tombstone] = []] = engine.pushed;
  expect(full).toMatchObject({ partition: 2, timestampMs: 1_700_000_000_000 });
  expect([text(full?.value), text(full?.key)]).toEqual(["{", "k"]);
  expect(full?.headers.map(({ name, value }) => [name, text(value)])).toEqual([
    ["source", "app"],
    ["raw", "\u0001"],
    ["none", undefined],
  ]);
  expect(tombstone).toEqual({ ...{ timestampMs: 5, headers: [] } });
  expect(engine.operated).toEqual([["open", "rides", 3]]);
});

test("an end, a close and a dispose reach the engine", () => {
  {
    using stream = new MemoryStream({ name: "rides" });
    stream.end();
  }
  expect(engine.operated).toEqual([
    ["open", "rides", 1],
    ["end", "rides"],
    ["close", "rides"],
  ]);
});

test("what is no row and no record is refused, whole", () => {
  const stream = new MemoryStream();
  for (const wrong of [
    () => stream.push([{ id: 1 }, 4111 as never]),
    () => stream.push(new Map()),
    () => stream.pushRecords([{ value: "a" }, { value: 4111 } as unknown as MemoryStreamRecord]),
    () => stream.pushRecords({ value: "a", partition: 0.5 }),
    () => new MemoryStream({ partitions: 1.5 }),
  ]) {
    expect(wrong).toThrowError(expect.objectContaining({ code: "CONFIG_VALUE" }));
    expect(wrong).not.toThrowError(/4111/);
  }
  expect(engine.pushed).toEqual([]);
});

test("what the engine refuses is thrown", () => {
  const stream = new MemoryStream();
  engine.pushFailure = failure({ code: "MEMORY_NOT_TAKEN", component: "memory" });
  try {
    stream.push({ id: 1 });
    expect.unreachable();
  } catch (error) {
    expect(StreamingError.is(error, "MEMORY_NOT_TAKEN")).toBe(true);
  }
});
