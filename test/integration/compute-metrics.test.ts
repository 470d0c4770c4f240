import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { computeMetrics, inMemoryGovernance } from "headgate/governance";
import { expect, inject, test } from "vitest";
import { parse } from "yaml";
import { headgate } from "../support/cli.ts";
import { records } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { eventsContract, runToEnd, splitEvents, temporaryLake } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");
const contract = eventsContract;
const dataset = "shop.events";

test("metrics of a version are those of the batches up to it, and an observation of it", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, records(1_000, { partitions: 1 }));
  const { output, rejects, deadLetters } = await temporaryLake();
  const tables = { output, rejects, deadLetters };
  const config = splitEvents(bootstrapServers, topic, tables, { maxOffsetsPerTrigger: "250" });
  // Rows that break a rule stay in the output, but for those that no column can hold.
  const batches = await runToEnd({ ...config, onViolation: "allow" });
  expect(batches).toHaveLength(4);

  const service = inMemoryGovernance();
  await service.contracts.put(parse(await readFile(contract, "utf8")));
  const versions = batches.map(({ batchId }) => batchId);
  let [rows, broken] = [0, 0];
  for (const { batchId: version, counts, metrics } of batches) {
    rows += counts.accepted;
    broken += metrics["violations.minimum_amount"] ?? 0;
    const governance = { service, dataset };
    const computed = await computeMetrics({ contract, path: output, version, governance });
    expect(computed).toMatchObject({
      datasetVersion: `${version}`,
      status: "block",
      metrics: { row_count: rows, "violations.minimum_amount": broken },
      assessment: { status: { status: "block" } },
    });
  }
  expect(broken).toBeGreaterThan(0);
  const told = await service.governance.datasetRecords({ datasetId: dataset });
  expect(told.map(({ datasetVersion }) => datasetVersion)).toEqual(versions.map(String));
  const metrics = await service.governance.metrics({ datasetId: dataset });
  const counted = metrics.filter(({ metricKey }) => metricKey === "row_count");
  expect(counted.map(({ metricNumericValue }) => metricNumericValue).at(-1)).toBe(rows);
  const newest = await computeMetrics({ contract, path: output });
  expect(newest).toMatchObject({
    datasetVersion: `${versions.at(-1)}`,
    metrics: { row_count: rows },
  });
  expect(newest.assessment).toBeUndefined();

  const missing = computeMetrics({ contract, path: output, version: 99 });
  await expect(missing).rejects.toMatchObject({
    code: "DELTA_NO_SUCH_VERSION",
    context: { expected: `a version from 0 to ${versions.at(-1)}`, actual: "99" },
  });
  const half = computeMetrics({ contract, path: output, version: 0.5 });
  await expect(half).rejects.toMatchObject({ code: "CONFIG_VALUE" });

  const [first = 0] = versions;
  const asked = ["contract", "test", contract, output, "--version", `${first}`, "--json"];
  const said = JSON.parse((await headgate(...asked)).stdout);
  expect(said).toMatchObject({ version: first, rows: batches[0]?.counts.accepted });
  const lines = join(output, "events.jsonl");
  const none = await headgate("contract", "test", contract, lines, "--version", "1");
  expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining("has no versions") });
});
