import { readStreamWithContract, type StreamingBatch, writeStreamWithContract } from "headgate";
import { inMemoryGovernance } from "headgate/governance";
import { expect, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { temporaryLake, until } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const events = contractDocument("events", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    { name: "value", logicalType: "integer", required: true },
  ],
});
const processed = contractDocument("events_processed", {
  properties: [
    { name: "timestamp", logicalType: "timestamp", required: true },
    { name: "value", logicalType: "number", required: true, logicalTypeOptions: { minimum: 3 } },
    { name: "quality_flag", logicalType: "string", required: true },
    { name: "note", logicalType: "string" },
  ],
});
const input = { format: "rate", options: { rowsPerSecond: 20 } };
const streaming = { trigger: { type: "processing_time", interval: "100 milliseconds" } } as const;

async function governed() {
  const governance = inMemoryGovernance();
  await governance.contracts.put(events);
  await governance.contracts.put(processed);
  return governance;
}

test("a write is told live, and governance is told the same", async () => {
  const lake = await temporaryLake();
  const governance = await governed();
  const read = await readStreamWithContract({
    input,
    contract: events,
    governance,
    datasetId: "demo.events",
  });
  const told: StreamingBatch[] = [];
  const result = await writeStreamWithContract(
    read.stream
      .withColumn("quality_flag", "CASE WHEN value < 3 THEN 'warning' ELSE 'valid' END")
      .withColumn("value", "CAST(value AS DOUBLE)")
      .withColumn("beside", "1"),
    {
      contract: processed,
      output: { format: "delta", path: lake.output },
      enforce: false,
      governance,
      datasetId: "demo.events_processed",
      datasetVersion: "v{batch_id}",
      streaming,
      durability: "process",
      onStreamingBatch: (batch) => {
        told.push(batch);
      },
    },
  );
  await until("three batches", () => told.length > 2);
  const [query] = result.streamingQueries;
  await query?.stop();
  expect(read.validation.streamingQueries).toEqual([query]);

  expect(result.streamingBatches).toHaveLength(told.length);
  for (const [at, batch] of told.entries()) expect(result.streamingBatches[at]).toBe(batch);
  expect(result.metrics.row_count).toBe(await countRows(lake.output));
  const columns = await queryTable<{ value: number }>(lake.output, "SELECT value, note FROM t");
  expect(columns[0]).toHaveProperty("note", null);
});
