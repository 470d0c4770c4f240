import type { Coordinate } from "./kafka/topics.ts";
import { queryTable } from "./readers/read-table.ts";

export type Destination = "output" | "rejects" | "deadLetters";
export type TablePaths = Partial<Record<Destination, string>>;

/** Offsets `[low, past)` of one partition, each found `times` times in one table. */
export interface Run {
  topic: string;
  partition: number;
  low: number;
  past: number;
  times: number;
}

/** Enough to see what went wrong. */
const SHOWN = 50;

export const RUNS = `
  WITH found AS (
    SELECT _kafka_topic AS topic, _kafka_partition AS part, _kafka_offset AS place, count(*) AS times
    FROM t GROUP BY ALL
  ), islands AS (
    SELECT *, place - row_number() OVER (PARTITION BY topic, part, times ORDER BY place) AS island FROM found
  )
  SELECT topic, part AS partition, min(place) AS low, max(place) + 1 AS past, times
  FROM islands GROUP BY topic, part, times, island`;

/**
 * Every way in which the tables differ from what was produced: a record that is in no table, in
 * two, twice, in another than expected, or that nobody produced. Empty when each coordinate is in
 * exactly its table exactly once. `expected` answers null for a record that belongs in none.
 */
export async function differences(
  tables: TablePaths,
  produced: readonly Coordinate[],
  expected: (index: number) => Destination | null,
): Promise<string[]> {
  const found = await readAll(tables);
  const wrong: string[] = [];
  for (const [index, coordinate] of produced.entries()) {
    const key = name(coordinate);
    const destination = expected(index);
    const actual = found.get(key) ?? [];
    found.delete(key);
    if (actual.join() !== (destination ?? "")) {
      wrong.push(
        `${key}: expected in ${destination ?? "no table"}, found in [${actual.join(", ")}]`,
      );
    }
  }
  for (const [key, actual] of found) {
    wrong.push(`${key}: never produced, found in [${actual.join(", ")}]`);
  }
  return wrong.length <= SHOWN
    ? wrong
    : [...wrong.slice(0, SHOWN), `and ${wrong.length - SHOWN} more`];
}

async function readAll(tables: TablePaths): Promise<Map<string, Destination[]>> {
  const found = new Map<string, Destination[]>();
  for (const [destination, path] of Object.entries(tables) as [Destination, string][]) {
    for (const { topic, partition, low, past, times } of await queryTable<Run>(path, RUNS)) {
      for (let offset = low; offset < past; offset += 1) {
        const key = name({ topic, partition, offset });
        const earlier = found.get(key) ?? [];
        found.set(key, [...earlier, ...new Array<Destination>(times).fill(destination)]);
      }
    }
  }
  return found;
}

function name({ topic, partition, offset }: Coordinate): string {
  return `${topic}/${partition}/${offset}`;
}
