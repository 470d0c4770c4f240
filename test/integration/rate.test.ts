import type { StreamingNodeConfig } from "headgate";
import { expect, test } from "vitest";
import { headgate, node } from "../support/cli.ts";
import { contractDocument } from "../support/contract-document.ts";
import { continuous, type Lake, runToEnd, temporaryLake, totals, until } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";
import { expectRefusal, expectRefusedEarly, refusalOf } from "../support/refusal.ts";

const WORKER = "test/crash/worker.cjs";
const ROWS_PER_SECOND = 250;

const contract = contractDocument("events", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    { name: "value", logicalType: "integer", required: true, logicalTypeOptions: { minimum: 0 } },
  ],
});

/** Reads what is due at its start. */
function madeUp(
  { output, rejects }: Lake,
  options: Record<string, string | number> = {},
): StreamingNodeConfig {
  return {
    name: "events",
    input: {
      format: "rate",
      options: { rowsPerSecond: ROWS_PER_SECOND, ...options },
      decode: "json",
    },
    contract,
    onViolation: "split",
    output: { format: "delta", path: output },
    rejects: { format: "delta", path: rejects },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  };
}

/** Rows of the table, once each value from 0 on is there once, at its place and its time. */
async function wholeRows(table: string, partitions: number): Promise<number> {
  const [row] = await queryTable<{ rows: number; wrong: number }>(
    table,
    `SELECT count(*)::INT AS rows, count(*) FILTER (
       value <> nth
       OR _kafka_topic <> 'rate'
       OR _kafka_partition <> value % ${partitions}
       OR _kafka_offset <> value // ${partitions}
       OR epoch_ms(timestamp) <> first + value * 1000 // ${ROWS_PER_SECOND}
       OR _kafka_timestamp <> timestamp
     )::INT AS wrong
     FROM (SELECT *, row_number() OVER (ORDER BY value) - 1 AS nth, min(epoch_ms(timestamp)) OVER () AS first FROM t)`,
  );
  expect(row?.wrong).toBe(0);
  return row?.rows ?? 0;
}

test.each([1, 3])(
  "killed and started again over %i partitions, no value is missing or twice",
  async (partitions) => {
    const lake = await temporaryLake();
    const config = madeUp(lake, { numPartitions: partitions });
    const QUERY = JSON.stringify(continuous(config));

    for (let kill = 0; kill < 5; kill += 1) {
      const worker = node([WORKER], { QUERY });
      await worker.says("batch");
      worker.signal("SIGKILL");
      expect(await worker.ended).toMatchObject({ signal: "SIGKILL" });
    }
    await runToEnd(config);

    expect(await wholeRows(lake.output, partitions)).toBeGreaterThan(ROWS_PER_SECOND / 5);
    expect(await headgate("verify", "--deep", lake.output)).toMatchObject({ status: 0 });
  },
);

test("a run to the end reads what became due since the last one", async () => {
  const lake = await temporaryLake();
  const config = madeUp(lake);
  let records = 0;
  const run = async () => {
    records += totals(await runToEnd(config)).records;
  };
  await run();
  const first = records;
  await until("more values that are due", async () => {
    await run();
    return records > first;
  });
  expect(await wholeRows(lake.output, 1)).toBe(records);
});

test("values are held against the contract", async () => {
  const lake = await temporaryLake();
  const strict = contractDocument("events", {
    properties: [{ name: "value", logicalType: "integer", logicalTypeOptions: { minimum: 10 } }],
  });
  await until("a value that is allowed", async () => {
    await runToEnd({ ...madeUp(lake), contract: strict });
    return (await countRows(lake.output)) > 0;
  });
  expect(await countRows(lake.rejects)).toBe(10);
});

test("a table goes on with the records that it was begun with", async () => {
  const lake = await temporaryLake();
  await runToEnd(madeUp(lake));
  const rows = await countRows(lake.output);
  expectRefusal(await refusalOf(madeUp(lake, { rowsPerSecond: 6, numPartitions: 2 })), {
    code: "RATE_OTHER_STREAM",
    field: "input.options",
    expected: /^rowsPerSecond 250, numPartitions 1$/,
    actual: /^rowsPerSecond 6, numPartitions 2$/,
  });
  expect(await countRows(lake.output)).toBe(rows);
});

test.each([
  ["an option that is none", { rowPerSecond: 6 }, "rowPerSecond", /rate/],
  ["no rows", { rowsPerSecond: 0 }, "rowsPerSecond", /from 1 to/],
  ["half a partition", { numPartitions: 0.5 }, "numPartitions", /from 1 to/],
  ["a ramp", { rampUpTime: "5s" }, "rampUpTime", /rate/],
  ["a topic", { subscribe: "events" }, "subscribe", /rate/],
])("%s is refused before any table exists", async (_, options, option, expected) => {
  const field = `input.options.${option}`;
  const config = madeUp(await temporaryLake(), options as Record<string, string | number>);
  await expectRefusedEarly(config, { code: "CONFIG_OPTION", field, expected });
});
