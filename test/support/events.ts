import type { Destination } from "./coordinates.ts";
import type { Outgoing } from "./kafka/topics.ts";

/** What `split` does with a record of `events.odcs.yaml`. */
export interface Damage {
  name: string;
  destination: Destination;
  /** False when no column can hold the field, so that the row cannot stay in the output. */
  representable: boolean;
  apply(event: Record<string, unknown>, text: string): Buffer | string;
}

const changed = (name: string, change: Record<string, unknown>, representable = true): Damage => ({
  name,
  destination: "rejects",
  representable,
  apply: (event) => JSON.stringify({ ...event, ...change }),
});

const dead = (name: string, apply: (text: string) => Buffer | string): Damage => ({
  name,
  destination: "deadLetters",
  representable: false,
  apply: (_event, text) => apply(text),
});

export const damages: readonly Damage[] = [
  changed("value outside its enumeration", { event_type: "unheard-of" }),
  changed("number out of range", { amount: -1 }),
  changed("missing required field", { event_id: undefined }),
  changed("field of another type", { user_id: "not a number" }, false),
  changed("timestamp that is none", { event_time: "the day after" }, false),
  changed("pattern not met", { country: "Germany" }),
  changed("three rules at once", { event_type: "unheard-of", amount: -1, event_id: null }),
  dead("truncated", (text) => text.slice(0, text.length / 2)),
  dead("not an object", () => "[1, 2, 3]"),
  dead("not UTF-8", () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])),
  dead("empty", () => ""),
];

const TYPES = ["click", "view", "purchase", "signup"];
const COUNTRIES = ["DE", "FR", "US", "IN", "BR", "JP"];
const FIRST_EVENT_MS = 1_780_000_000_000;
/** One record in twenty is damaged. */
const DAMAGE_EVERY = 20;

/** The `index`-th event: the same text each time. */
export function event(index: number): Record<string, unknown> {
  const mixed = Math.imul(index + 1, 0x9e3779b1) >>> 0;
  return {
    event_id: `${mixed.toString(16).padStart(8, "0")}-${index.toString(16).padStart(8, "0")}`,
    user_id: mixed % 1_000_000,
    event_time: new Date(FIRST_EVENT_MS + index).toISOString(),
    event_type: TYPES[mixed & 3],
    amount: (mixed % 50_000) / 100,
    country: COUNTRIES[mixed % COUNTRIES.length],
    page: `/shop/category/${mixed % 50}/item/${mixed % 5_000}`,
    session: mixed.toString(16).padStart(32, "0"),
    seq: index,
  };
}

export function damageOf(index: number): Damage | undefined {
  if (index % DAMAGE_EVERY !== DAMAGE_EVERY - 1) return undefined;
  return damages[Math.floor(index / DAMAGE_EVERY) % damages.length];
}

/** Where the `index`-th record belongs under `split`. */
export function destinationOf(index: number): Destination {
  return damageOf(index)?.destination ?? "output";
}

/** Records `[from, from + count)` over `partitions` partitions, 5 % of them damaged in turn. */
export function records(count: number, { from = 0, partitions = 4 } = {}): Outgoing[] {
  return Array.from({ length: count }, (_, at) => {
    const index = from + at;
    const good = event(index);
    const text = JSON.stringify(good);
    return {
      value: damageOf(index)?.apply(good, text) ?? text,
      partition: index % partitions,
      key: `user-${index % 100}`,
    };
  });
}

/** Undamaged events only. */
export function goodRecords(count: number, { from = 0, partitions = 4 } = {}): Outgoing[] {
  return Array.from({ length: count }, (_, at) => ({
    value: JSON.stringify(event(from + at)),
    partition: (from + at) % partitions,
  }));
}

/** How many of the records `[0, count)` go to each table. */
export function tally(count: number): Record<Destination, number> {
  const totals = { output: 0, rejects: 0, deadLetters: 0 };
  for (let index = 0; index < count; index += 1) totals[destinationOf(index)] += 1;
  return totals;
}
