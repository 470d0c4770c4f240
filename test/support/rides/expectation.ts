import { isDeepStrictEqual } from "node:util";
import type { RideEvent } from "../../../ts/demo/city.ts";
import { type Damage, UNDECODABLE } from "../../../ts/demo/damage.ts";
import type { Destination } from "../coordinates.ts";

/** Where a record of the demo belongs, and what has to be said of it there. */
export interface Expectation {
  damage?: Damage;
  destination: Destination;
  /** The rule that a rejection names, or the kind of error of a dead letter. */
  named?: string;
}

/** What the contracts in `examples/contracts` allow. */
const BOUNDS: Record<string, [low: number, high: number]> = {
  ...{ lat: [-90, 90], lon: [-180, 180], speed_kmh: [0, 250], battery_percent: [0, 100] },
  ...{ passengers: [1, 8], surge_multiplier: [1, 10] },
};

/** By the contracts' own words, from what the damage did to the event. */
export function expectationOf(
  event: RideEvent,
  produced: { value: string; damage?: Damage },
): Expectation {
  const { value, damage } = produced;
  if (damage === undefined) return { destination: "output" };
  if (UNDECODABLE.includes(damage)) {
    return { damage, destination: "deadLetters", named: "JSON_PARSE_ERROR" };
  }
  return { damage, destination: "rejects", named: brokenRule(event.payload, value, damage) };
}

function brokenRule(before: RideEvent["payload"], value: string, damage: Damage): string {
  const after = JSON.parse(value) as RideEvent["payload"];
  const changed = Object.keys(before).filter((key) => !isDeepStrictEqual(before[key], after[key]));
  const [field] = changed;
  if (field === undefined || changed.length > 1) throw new Error(`${damage} changed [${changed}]`);
  switch (damage) {
    case "missing_required":
      return `required_${field}`;
    case "invalid_enum":
      return `known_${field}`;
    case "invalid_uuid":
      return `format_${field}`;
    case "out_of_range":
      return brokenBound(field, after[field]);
    default:
      return `type_${field}`;
  }
}

function brokenBound(path: string, value: unknown): string {
  if (typeof value === "object" && value !== null) {
    const outside = Object.entries(value).find(
      ([name, inner]) => sideOf(name, inner) !== undefined,
    );
    return outside === undefined ? "none" : brokenBound(`${path}.${outside[0]}`, outside[1]);
  }
  return `${sideOf(path.split(".").at(-1) ?? "", value)}_${path}`;
}

function sideOf(name: string, value: unknown): "minimum" | "maximum" | undefined {
  const [low, high] = BOUNDS[name] ?? [];
  if (low === undefined || high === undefined) throw new Error(`no bounds of ${name}`);
  if (Number(value) < low) return "minimum";
  return Number(value) > high ? "maximum" : undefined;
}
