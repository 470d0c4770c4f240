import { startQuery } from "headgate";
import { MemoryStream } from "headgate/testing";
import { expect, onTestFinished, test } from "vitest";
import {
  continuous,
  runToEnd,
  splitEvents,
  temporaryLake,
  totals,
  until,
} from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const contract = {
  apiVersion: "v3.1.0",
  kind: "DataContract",
  id: "rides",
  version: "1.0.0",
  status: "active",
  schema: [
    {
      name: "rides",
      properties: [
        { name: "id", logicalType: "integer", required: true },
        { name: "km", logicalType: "number", logicalTypeOptions: { minimum: 0 } },
      ],
    },
  ],
};

function made(options: ConstructorParameters<typeof MemoryStream>[0] = {}): MemoryStream {
  const stream = new MemoryStream(options);
  onTestFinished(() => stream.close());
  return stream;
}

async function query(stream: MemoryStream) {
  const lake = await temporaryLake();
  const config = splitEvents("none", "none", lake);
  const input = { ...config.input, format: "memory", options: { stream: stream.name } };
  return { lake, config: { ...config, input, contract } };
}

test("rows and records go through the gate, with their coordinates", async () => {
  const stream = made({ name: "rides" });
  const { lake, config } = await query(stream);
  stream.push([
    { id: 9007199254740993n, km: 1.5 },
    { id: 2, km: -1 },
  ]);
  const timestamp = new Date("2026-11-22T09:00:00Z");
  const headers = { source: "app" };
  stream.pushRecords([
    { value: "{", key: "k", headers, timestamp },
    { value: '{"id":3}', timestamp },
    { value: null },
  ]);
  expect(totals(await runToEnd(config))).toMatchObject({
    ...{ records: 5, accepted: 2, rejected: 1, deadLetters: 1, skipped: 1 },
  });
  const rows = `SELECT id::VARCHAR AS id, _kafka_topic AS topic, _kafka_offset::INT AS at FROM t
    ORDER BY _kafka_offset`;
  expect(await queryTable(lake.output, rows)).toEqual([
    { id: "9007199254740993", topic: "rides", at: 0 },
    { id: "3", topic: "rides", at: 3 },
  ]);
});

test("a restart within the process goes on where the table is", async () => {
  const stream = made({ partitions: 3 });
  const { lake, config } = await query(stream);
  const rows = (from: number) => Array.from({ length: 50 }, (_, at) => ({ id: from + at, km: 1 }));
  for (let round = 0; round < 3; round++) {
    stream.push(rows(round * 50));
    const taken = totals(await runToEnd(config));
    expect(taken).toMatchObject({ records: 50, accepted: 50 });
  }
  const running = await startQuery(continuous(config));
  stream.push(rows(150));
  await until("the rows are written", async () => (await countRows(lake.output)) === 200);
  await running.stop({ drain: false });
  stream.push(rows(200));
  stream.end();
  const last = await startQuery(continuous(config));
  await last.awaitTermination();
  const counted = "SELECT count(*)::INT AS rows, count(DISTINCT id)::INT AS ids FROM t";
  expect(await queryTable(lake.output, counted)).toEqual([{ rows: 250, ids: 250 }]);
});

test("a table that was begun with another stream is refused, and so is one that is not there", async () => {
  const first = made({ name: "first" });
  const { config } = await query(first);
  first.push({ id: 1, km: 1 });
  await runToEnd(config);
  first.close();
  await expect(runToEnd(config)).rejects.toMatchObject({
    issues: [{ field: "input.options.stream", code: "CONFIG_OPTION", actual: "first" }],
  });
  made({ name: "first" });
  await expect(runToEnd(config)).rejects.toMatchObject({ code: "MEMORY_OTHER_STREAM" });
  expect(() => made({ name: "first" })).toThrowError(/cannot be made/);
});
