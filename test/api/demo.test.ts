import { expect, test } from "vitest";
import { City } from "../../ts/demo/city.ts";
import {
  DAMAGE_WEIGHTS,
  type Damage,
  damaged,
  pickDamage,
  UNDECODABLE,
} from "../../ts/demo/damage.ts";
import { balances, type Summary, summaryText } from "../../ts/demo/ending.ts";
import { seeded } from "../../ts/demo/random.ts";
import { PartitionWindow } from "../../ts/demo/window.ts";

const kinds = Object.keys(DAMAGE_WEIGHTS) as Damage[];

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

test.each(kinds)("%s never leaves an event as it was", (kind) => {
  const random = seeded(7);
  const city = new City(random);
  for (let index = 0; index < 500; index += 1) {
    const event = city.next();
    const text = damaged(event, kind, random);
    expect(isObject(text)).toBe(!UNDECODABLE.includes(kind));
    expect(text).not.toBe(JSON.stringify(event.payload));
  }
});

test("damage comes in its proportions", () => {
  const random = seeded(1);
  const seen = new Map<Damage, number>();
  for (let index = 0; index < 100_000; index += 1) {
    const kind = pickDamage(random);
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  const all = Object.values(DAMAGE_WEIGHTS).reduce((sum, weight) => sum + weight, 0);
  for (const kind of kinds) {
    expect((seen.get(kind) ?? 0) / 100_000).toBeCloseTo(DAMAGE_WEIGHTS[kind] / all, 1.5);
  }
});

test("a city makes both kinds of events, mostly pings, and the same ones for the same seed", () => {
  const events = (seed: number) => {
    const city = new City(seeded(seed), () => new Date(0));
    return Array.from({ length: 1_000 }, () => city.next());
  };
  const pings = events(1).filter(({ topic }) => topic === "gps-pings").length;
  expect(pings).toBeGreaterThan(800);
  expect(pings).toBeLessThan(900);
  expect(events(1)).toEqual(events(1));
  expect(events(1)).not.toEqual(events(2));
});

test("trips go through their states in order and end", () => {
  const city = new City(seeded(3));
  const states = new Map<string, string[]>();
  for (let index = 0; index < 50_000; index += 1) {
    const { topic, key, payload } = city.next();
    if (topic === "trips") states.set(key, [...(states.get(key) ?? []), `${payload.event_type}`]);
  }
  const order = ["requested", "matched", "driver_arrived", "started", "completed"];
  const finished = [...states.values()].filter((seen) => seen.at(-1) === "completed");
  expect(finished.length).toBeGreaterThan(100);
  for (const seen of finished) expect(seen).toEqual(order);
});

test("a partition window is full at its bytes or messages, until what it holds is committed", () => {
  const window = new PartitionWindow(100, 3);
  window.reserve(60);
  window.reserve(60);
  expect(window.isFull).toBe(true);
  window.sent(10n, 2, 120);
  window.committed(11n);
  expect([window.isFull, window.isCommitted]).toEqual([true, false]);
  window.committed(12n);
  expect([window.isFull, window.isCommitted, window.produced]).toEqual([false, true, 2n]);
  for (let index = 0; index < 3; index += 1) window.reserve(1);
  expect(window.isFull).toBe(true);
});

test("a commit may be told before the answer of the broker", () => {
  const window = new PartitionWindow(100, 3);
  window.reserve(100);
  window.committed(6n);
  window.sent(5n, 1, 100);
  expect([window.isFull, window.isCommitted]).toEqual([false, true]);
});

const table = (role: "output" | "rejects" | "dead_letters", rows: number) => ({
  ...{ name: role, path: `./headgate-demo/${role}`, role, rows },
});
const summary: Summary = {
  ...{ produced: 1_003, accepted: 900, rejected: 100, deadLetters: 3, skipped: 0 },
  tables: [table("output", 900), table("rejects", 100), table("dead_letters", 3)],
};

test("totals balance by the batches and by the tables, or it is said", () => {
  expect(balances(summary)).toBe(true);
  expect(summaryText(summary)).toContain("balances to the record");
  expect(balances({ ...summary, produced: 1_004 })).toBe(false);
  const short = { ...summary, tables: [table("output", 899), ...summary.tables.slice(1)] };
  expect(balances(short)).toBe(false);
  expect(summaryText(short)).toContain("DOES NOT BALANCE");
});
