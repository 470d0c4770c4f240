import { expect, inject, test } from "vitest";
import { records, tally } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { type Lake, runToEnd, splitEvents, temporaryLake } from "../support/query.ts";
import { summarize, type TableSummary } from "../support/readers/read-table.ts";

const COUNT = 4_000;
const expected = tally(COUNT);
const bootstrapServers = inject("bootstrapServers");

async function filledLake(): Promise<Lake> {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, records(COUNT));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const output = { ...config.output, options: { partitionBy: "_ingestion_date" } };
  await runToEnd({ ...config, output, batch: { maxRows: 1_000 } });
  return lake;
}

test("DuckDB, DataFusion and the log agree on every table: counts, types, nulls and bounds", async () => {
  const lake = await filledLake();
  for (const [destination, rows] of Object.entries(expected)) {
    const { duckdb, datafusion, log } = await summarize(lake[destination as keyof Lake]);
    expect(duckdb.rows).toBe(rows);
    expect(duckdb).toEqual(datafusion);
    expect(log.rows).toBe(rows);
    expect(brokenStatistics({ duckdb, datafusion, log })).toEqual([]);
  }
});

test("the output has the types of its contract", async () => {
  const { duckdb } = await summarize((await filledLake()).output);
  const types = Object.fromEntries(
    Object.entries(duckdb.columns).map(([name, { type }]) => [name, type]),
  );
  expect(types).toMatchObject({
    event_id: "string",
    user_id: "long",
    event_time: "timestamp",
    event_type: "string",
    amount: "double",
    country: "string",
    page: "string",
    session: "string",
    seq: "long",
    _kafka_topic: "string",
    _kafka_partition: "integer",
    _kafka_offset: "long",
    _kafka_timestamp: "timestamp",
    _ingested_at: "timestamp",
    _ingestion_date: "string",
  });
});

test("statistics of a side table cover Headgate's own columns only: no rejected value is in a log", async () => {
  const { log } = await summarize((await filledLake()).rejects);
  for (const name of ["event_id", "user_id", "amount", "country", "session"]) {
    expect(log.columns[name]).toMatchObject({ min: null, max: null });
  }
  expect(log.columns._kafka_offset).toMatchObject({ nulls: 0, min: expect.any(Number) });
});

/** Columns of which the log tells nulls or bounds that the data does not bear out. */
function brokenStatistics({ duckdb, log }: TableSummary): string[] {
  return Object.entries(log.columns).flatMap(([name, told]) => {
    const found = duckdb.columns[name];
    const nullsHold = told.nulls === null || told.nulls === found?.nulls;
    const lowHolds = told.min === null || atMost(told.min, found?.min);
    const highHolds = told.max === null || atMost(found?.max, told.max);
    return nullsHold && lowHolds && highHolds
      ? []
      : [`${name}: ${JSON.stringify({ told, found })}`];
  });
}

function atMost(low: unknown, high: unknown): boolean {
  // Bounds may be told of types that the readers give none of, such as booleans.
  if (low === null || high === null || low === undefined || high === undefined) return true;
  return (low as number) <= (high as number);
}
