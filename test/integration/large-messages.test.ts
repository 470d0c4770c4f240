import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { runFile } from "../support/config-file.ts";
import { type Destination, differences } from "../support/coordinates.ts";
import { event } from "../support/events.ts";
import { type Coordinate, createTopic, produce } from "../support/kafka/topics.ts";
import { endedWithPeak } from "../support/peak-memory.ts";
import { splitEvents, temporaryLake } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const MIB = 1 << 20;
const LARGE_BYTES = 10 * MIB;
const COUNT = 12;
/** The default of `memory.max`. */
const MEMORY_MAX_MIB = 512;

/** A record of 10 MiB for each table in turn. */
const destinations: readonly Destination[] = ["output", "rejects", "deadLetters"];

const destinationOf = (index: number) => destinations[index % destinations.length] ?? "output";

function large(index: number): string {
  const amount = destinationOf(index) === "rejects" ? -1 : 1;
  const text = (session: string) => JSON.stringify({ ...event(index), amount, session });
  const whole = text("x".repeat(LARGE_BYTES - text("").length));
  return destinationOf(index) === "deadLetters" ? `${whole.slice(0, -1)} ` : whole;
}

test("messages of 10 MiB are read with default options, within memory.max, each into its table", async () => {
  const settings = { "max.message.bytes": String(LARGE_BYTES + MIB) };
  const topic = await createTopic(bootstrapServers, 2, settings);
  const produced: Coordinate[] = [];
  for (let index = 0; index < COUNT; index += 1) {
    const value = large(index);
    expect(Buffer.byteLength(value)).toBe(LARGE_BYTES);
    produced.push(...(await produce(bootstrapServers, topic, [{ value, partition: index % 2 }])));
  }
  const lake = await temporaryLake();
  const { peakMib, ...ended } = await endedWithPeak(
    await runFile(splitEvents(bootstrapServers, topic, lake)),
  );

  expect(ended).toMatchObject({ status: 0 });
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  const sql = "SELECT min(strlen(session)) AS shortest FROM t";
  const [row] = await queryTable<{ shortest: number }>(lake.output, sql);
  expect(row?.shortest).toBeGreaterThan(LARGE_BYTES - 1_000);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
  expect(peakMib).toBeGreaterThan(0);
  expect(peakMib).toBeLessThan(MEMORY_MAX_MIB);
});
