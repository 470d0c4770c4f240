import type { RideEvent } from "./city.js";
import { pick, type Random } from "./random.js";

/** The kinds of damage and how often each is met, in percent of all damage. */
export const DAMAGE_WEIGHTS = {
  missing_required: 20,
  wrong_type: 15,
  invalid_enum: 15,
  out_of_range: 10,
  malformed_json: 10,
  invalid_uuid: 10,
  invalid_timestamp: 10,
  truncated: 5,
  empty: 5,
} as const;

export type Damage = keyof typeof DAMAGE_WEIGHTS;

/** Damage that leaves no JSON object: those records become dead letters, all others rejections. */
export const UNDECODABLE: readonly Damage[] = ["malformed_json", "truncated", "empty"];

type Payload = RideEvent["payload"];

interface Fragile {
  required: readonly string[];
  wrongType: Readonly<Record<string, readonly unknown[]>>;
  enumerations: readonly string[];
  outOfRange: Readonly<Record<string, readonly unknown[]>>;
  uuids: readonly string[];
  timestamp: string;
}

const POINT_OUT_OF_RANGE = [
  { lat: 91.2, lon: 11.5 },
  { lat: 48.1, lon: -222.7 },
];

const FRAGILE: Readonly<Record<RideEvent["topic"], Fragile>> = {
  "gps-pings": {
    required: ["event_id", "driver_id", "location", "recorded_at", "driver_status"],
    wrongType: { speed_kmh: ["fast", true], heading: ["north", 12.5], location: ["here", [1, 2]] },
    enumerations: ["driver_status", "platform"],
    outOfRange: { speed_kmh: [-4, 900], battery_percent: [180], location: POINT_OUT_OF_RANGE },
    uuids: ["event_id", "driver_id"],
    timestamp: "recorded_at",
  },
  trips: {
    required: ["event_id", "trip_id", "rider_id", "event_type", "occurred_at"],
    wrongType: { passengers: ["two", {}], fare: ["cheap", false], pickup: [17, "airport"] },
    enumerations: ["event_type", "payment_method"],
    outOfRange: { passengers: [0, 40], surge_multiplier: [0.1, 75], dropoff: POINT_OUT_OF_RANGE },
    uuids: ["trip_id", "rider_id"],
    timestamp: "occurred_at",
  },
};

const NOT_UUIDS = ["driver-17", "00000000-0000-0000-0000", "g5e55a2c-3d0b-4c8e-9c56-1f5f5a1fd9a1"];
const NOT_TIMESTAMPS = [
  "yesterday",
  "2026-13-45T25:61:00Z",
  "21/11/2026 10:00",
  "2026-02-30T10:00:00Z",
];

/** A kind by its weight. */
export function pickDamage(random: Random): Damage {
  const kinds = Object.entries(DAMAGE_WEIGHTS) as [Damage, number][];
  const all = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * all;
  for (const [kind, weight] of kinds) {
    left -= weight;
    if (left < 0) return kind;
  }
  return "empty";
}

/** An event as it is produced: a share of all, `malformedRate`, suffers damage. */
export function serialised(
  event: RideEvent,
  malformedRate: number,
  random: Random,
): { value: string; damage?: Damage } {
  if (random() >= malformedRate) return { value: JSON.stringify(event.payload) };
  const damage = pickDamage(random);
  return { value: damaged(event, damage, random), damage };
}

/** The bytes of an event that suffered `damage`. Never bytes that its contract would accept. */
export function damaged({ topic, payload }: RideEvent, damage: Damage, random: Random): string {
  const fragile = FRAGILE[topic];
  const whole = JSON.stringify(payload);
  switch (damage) {
    case "empty":
      return "";
    case "truncated":
      return whole.slice(0, 1 + Math.floor(random() * (whole.length - 2)));
    case "malformed_json":
      return malformed(whole, random);
    case "missing_required":
      return JSON.stringify(without(payload, pick(random, fragile.required)));
    case "invalid_enum":
      return changed(payload, pick(random, fragile.enumerations), "unheard_of");
    case "invalid_uuid":
      return changed(payload, pick(random, fragile.uuids), pick(random, NOT_UUIDS));
    case "invalid_timestamp":
      return changed(payload, fragile.timestamp, pick(random, NOT_TIMESTAMPS));
    case "wrong_type":
      return changed(payload, ...oneOf(fragile.wrongType, random));
    case "out_of_range":
      return changed(payload, ...oneOf(fragile.outOfRange, random));
  }
}

function malformed(whole: string, random: Random): string {
  return pick(random, [
    whole.replace(":", "="),
    whole.replaceAll('"', "'"),
    whole.replace(",", ",,"),
    `${whole.slice(0, -1)},`,
    `<event>${whole}</event>`,
  ]);
}

function oneOf(
  bad: Readonly<Record<string, readonly unknown[]>>,
  random: Random,
): [string, unknown] {
  const [field, values] = pick(random, Object.entries(bad));
  return [field, pick(random, values)];
}

function changed(payload: Payload, field: string, value: unknown): string {
  return JSON.stringify({ ...payload, [field]: value });
}

function without(payload: Payload, field: string): Payload {
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name !== field));
}
