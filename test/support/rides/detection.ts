import type { Damage } from "../../../ts/demo/damage.ts";
import { differences } from "../coordinates.ts";
import { queryTable } from "../readers/read-table.ts";
import type { Expectation } from "./expectation.ts";
import type { RideTopic } from "./rides.ts";

export interface Detection {
  /** Of each kind of damage: how many there were, and how many were found and called by name. */
  kinds: Record<string, { records: number; detected: number }>;
  clean: number;
  /** Whatever is not as it should be. */
  wrong: string[];
}

interface Named {
  partition: number;
  offset: number;
  named: string;
}

const PLACE = "_kafka_partition AS partition, _kafka_offset AS offset";
const RULES = "list_sort(list_distinct(list_transform(_violations, v -> v.rule)))";
const REJECTED = `SELECT ${PLACE}, array_to_string(${RULES}, ' ') AS named FROM t`;
const DEAD = `SELECT ${PLACE}, _error_type AS named FROM t`;
/** A second event of the same id in a batch breaks its key, too. */
const SAME_ID = /^format_event_id primary_key$/;
const SHOWN = 50;

/** Holds the tables against what was done to each record. */
export async function detect(rides: readonly RideTopic[]): Promise<Detection> {
  const detection: Detection = { kinds: {}, clean: 0, wrong: [] };
  for (const ride of rides) {
    const destination = (index: number) => ride.expectations[index]?.destination ?? null;
    const misplaced = await differences(ride.tables, ride.coordinates, destination);
    detection.wrong.push(...misplaced.map((text) => `${ride.name} ${text}`));
    const found = new Map<string, string>();
    for (const [path, sql] of [
      [ride.tables.rejects, REJECTED],
      [ride.tables.deadLetters, DEAD],
    ] as const) {
      for (const { partition, offset, named } of await queryTable<Named>(path, sql, {})) {
        found.set(`${partition}/${offset}`, named);
      }
    }
    for (const [index, expectation] of ride.expectations.entries()) {
      const { partition, offset } = ride.coordinates[index] ?? {};
      judge(detection, expectation, found.get(`${partition}/${offset}`), ride.name);
    }
  }
  return detection;
}

function judge(detection: Detection, expected: Expectation, found: string | undefined, of: string) {
  const { damage, named } = expected;
  if (damage === undefined) {
    detection.clean += 1;
    if (found === undefined) return;
  } else {
    const kind = kindOf(detection, damage);
    kind.records += 1;
    if (found === named || (SAME_ID.test(found ?? "") && named === "format_event_id")) {
      kind.detected += 1;
      return;
    }
  }
  if (detection.wrong.length < SHOWN) {
    detection.wrong.push(
      `${of} ${damage ?? "clean"}: ${named ?? "nothing"} expected, ${found} named`,
    );
  }
}

function kindOf({ kinds }: Detection, damage: Damage) {
  kinds[damage] ??= { records: 0, detected: 0 };
  return kinds[damage];
}
