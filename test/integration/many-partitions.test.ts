import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { runFile } from "../support/config-file.ts";
import { event } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { endedWithPeak } from "../support/peak-memory.ts";
import { splitEvents, temporaryLake } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const VALUES = 500;
const COUNT = 40_000;
const REQUEST = 2_000;
/** The default of `memory.max`. */
const MEMORY_MAX_MIB = 512;

test("500 table partitions open at once stay within memory.max, and none loses a row", async () => {
  const topic = await createTopic(bootstrapServers);
  const outgoing = Array.from({ length: COUNT }, (_, index) => ({
    value: JSON.stringify({ ...event(index), session: `session-${index % VALUES}` }),
  }));
  for (let from = 0; from < COUNT; from += REQUEST) {
    await produce(bootstrapServers, topic, outgoing.slice(from, from + REQUEST));
  }
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const output = { ...config.output, options: { partitionBy: "session" } };
  const { peakMib, ...ended } = await endedWithPeak(await runFile({ ...config, output }));

  expect(ended).toMatchObject({ status: 0 });
  const sql = "SELECT count(*) AS rows, count(DISTINCT session) AS sessions FROM t";
  expect(await queryTable(lake.output, sql)).toEqual([{ rows: COUNT, sessions: VALUES }]);
  expect(await headgate("verify", lake.output, "--deep")).toMatchObject({ status: 0 });
  console.log(`peak ${peakMib.toFixed(0)} MiB`);
  expect(peakMib).toBeGreaterThan(0);
  expect(peakMib).toBeLessThan(MEMORY_MAX_MIB);
});
