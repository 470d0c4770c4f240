import { expect, test } from "vitest";
import { Window } from "./window.ts";

/** Records 0 to 4 of a partition, which belong in the output. */
function five(): Window {
  const window = new Window();
  for (let offset = 0; offset < 5; offset += 1) window.expect(0, offset, "output");
  return window;
}

function judged(window: Window, end = 5): Window {
  window.settle(0, end);
  window.judge();
  return window;
}

function findAll(window: Window): void {
  for (let offset = 0; offset < 5; offset += 1) window.find(0, offset, 1, "output");
}

test("records that are in their table once are sound, and offsets that nobody is given are nothing", () => {
  const window = five();
  findAll(window);
  window.expect(0, 8, "rejects");
  window.find(0, 8, 1, "rejects");
  expect(judged(window, 12)).toMatchObject({ produced: 6, sound: 6, lost: 0, doubled: 0 });
  expect(window.wrong).toEqual([]);
});

test("a record that its table does not hold when it should is lost", () => {
  const window = five();
  for (const offset of [0, 1, 3, 4]) window.find(0, offset, 1, "output");
  expect(judged(window, 2)).toMatchObject({ sound: 2, lost: 0 });
  expect(judged(window)).toMatchObject({ sound: 4, lost: 1, doubled: 0 });
  expect(window.wrong).toEqual(["0/2: output, found nowhere"]);
});

test.each([
  ["twice in a file", (window: Window) => window.find(0, 2, 2, "output")],
  ["in two tables", (window: Window) => window.find(0, 2, 1, "rejects")],
  ["again", (window: Window) => window.find(0, 2, 1, "output")],
])("a record that is found %s is doubled", (_, findMore) => {
  const window = five();
  findAll(window);
  findMore(window);
  expect(judged(window)).toMatchObject({ lost: 0, doubled: 1 });
});

test("a record that is found again after it was settled is doubled", () => {
  const window = five();
  findAll(window);
  judged(window).find(0, 2, 1, "output");
  expect(window).toMatchObject({ sound: 5, doubled: 1 });
});

test("a record in another table, and one that nobody produced, are told", () => {
  const window = five();
  for (const offset of [0, 1, 3, 4, 6]) window.find(0, offset, 1, "output");
  window.find(0, 2, 1, "rejects");
  judged(window).close();
  expect(window).toMatchObject({ sound: 4, lost: 0, doubled: 0 });
  expect(window.wrong).toEqual([
    "0/2: output, found in rejects",
    "0/6: never produced, found in output",
  ]);
});

test("tables may be ahead of whoever reads the topic", () => {
  const window = new Window();
  findAll(window);
  expect(judged(window)).toMatchObject({ sound: 0 });
  for (let offset = 0; offset < 5; offset += 1) window.expect(0, offset, "output");
  window.judge();
  expect(window).toMatchObject({ sound: 5, lost: 0, doubled: 0 });
  expect(window.isSettledTo(new Map([[0, 5]]))).toBe(true);
});

test("a record that is told of again counts once", () => {
  const window = five();
  window.expect(0, 4, "output");
  expect(window.produced).toBe(5);
});
