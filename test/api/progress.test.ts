import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ProgressFeed, type StreamingQueryProgress } from "../../ts/progress.ts";
import { progress } from "./support/samples.ts";

async function ids(feed: AsyncIterable<StreamingQueryProgress>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { batchId } of feed) seen.push(batchId);
  return seen;
}

test("every iteration sees what comes while it runs, and ends with the query", async () => {
  const feed = new ProgressFeed();
  const [first, second] = [ids(feed.iterate()), ids(feed.iterate())];
  feed.push(progress(1));
  await sleep(1);
  feed.push(progress(2));
  feed.close();
  expect(await first).toEqual([1, 2]);
  expect(await second).toEqual([1, 2]);
});

test("an iteration that is behind by more than 100 loses the oldest", async () => {
  const feed = new ProgressFeed();
  const slow = feed.iterate()[Symbol.asyncIterator]();
  const first = slow.next();
  feed.push(progress(0));
  await first;
  for (let id = 1; id <= 150; id += 1) feed.push(progress(id));
  feed.close();
  const seen = await ids({ [Symbol.asyncIterator]: () => slow });
  expect(seen).toHaveLength(100);
  expect(seen.at(0)).toBe(51);
  expect(seen.at(-1)).toBe(150);
});

test("an abort ends an iteration that waits", async () => {
  const controller = new AbortController();
  const waiting = ids(new ProgressFeed().iterate(controller.signal));
  await sleep(1);
  controller.abort();
  expect(await waiting).toEqual([]);
});

test("an iteration that starts after the end is over at once", async () => {
  const feed = new ProgressFeed();
  feed.push(progress(1));
  feed.close();
  expect(await ids(feed.iterate())).toEqual([]);
});

test("leaving an iteration leaves the others alone", async () => {
  const feed = new ProgressFeed();
  const other = ids(feed.iterate());
  const left = (async () => {
    for await (const { batchId } of feed.iterate()) return batchId;
    return undefined;
  })();
  feed.push(progress(1));
  expect(await left).toBe(1);
  feed.push(progress(2));
  feed.close();
  expect(await other).toEqual([1, 2]);
});
