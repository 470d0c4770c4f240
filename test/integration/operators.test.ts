import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, goodRecords, records } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import {
  eventsContract,
  runToEnd,
  splitEvents,
  temporaryFolder,
  temporaryLake,
} from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

test("T14: what an intervention blocks stays blocked over restarts until it is released", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(400));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  const intervention = () => ({ action: "block" as const, reason: "too many" });
  const blocked = await startQuery(config, { intervention });
  await expect(blocked.awaitTermination()).rejects.toMatchObject({ code: "INTERVENTION_BLOCKED" });
  // Without the strategy, and with more to read.
  produced.push(...(await produce(bootstrapServers, topic, records(400, { from: 400 }))));
  await expect(startQuery(config)).rejects.toMatchObject({
    code: "QUERY_BLOCKED",
    message: expect.stringContaining("too many"),
    context: { details: expect.stringContaining("headgate release") },
  });
  expect(await countRows(lake.output)).toBe(0);

  const released = await headgate("release", lake.output, "--reason", "mended", "--json");
  expect(JSON.parse(released.stdout)).toMatchObject({
    query: "events",
    released: "2",
    version: "3",
  });
  await runToEnd(config);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("T10: a renamed query is refused, adopted, and reads on", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(200));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await runToEnd(config);
  const renamed = { ...config, name: "renamed" };
  await expect(startQuery(renamed)).rejects.toMatchObject({ code: "QUERY_RENAMED" });
  expect(await headgate("adopt", lake.output, "renamed")).toMatchObject({ status: 0, stderr: "" });
  produced.push(...(await produce(bootstrapServers, topic, records(200, { from: 200 }))));
  await runToEnd(renamed);
  await expect(startQuery(config)).rejects.toMatchObject({ code: "QUERY_RETIRED" });
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("a rewound query reads its range again, and says so before", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, goodRecords(100, { partitions: 1 }));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await runToEnd(config);
  const to = JSON.stringify({ [topic]: { 0: 90 } });
  const { stdout } = await headgate("rewind", lake.output, "--to-offsets", to);
  expect(stdout).toContain(`${topic}-0 from offset 90`);
  await runToEnd(config);
  expect(await countRows(lake.output)).toBe(110);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("a column that the contract gained comes with mergeSchema, and is refused without", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, goodRecords(10, { partitions: 1 }));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await runToEnd(config);
  const contract = join(await temporaryFolder(), "events.odcs.yaml");
  const grown = (await readFile(eventsContract, "utf8")).replace(
    /^( *)properties:\n/m,
    (line, indent) => `${line}${indent}  - { name: shade, logicalType: string }\n`,
  );
  await writeFile(contract, grown);
  await expect(startQuery({ ...config, contract })).rejects.toMatchObject({
    code: "DELTA_SCHEMA_MISMATCH",
    context: { details: expect.stringContaining("mergeSchema") },
  });
  const merging = (path: string) => ({ format: "delta", path, options: { mergeSchema: "true" } });
  const more = goodRecords(10, { from: 10, partitions: 1 }).map((record) => {
    const value = { ...JSON.parse(String(record.value)), shade: "teal" };
    return { ...record, value: JSON.stringify(value) };
  });
  await produce(bootstrapServers, topic, more);
  await runToEnd({
    ...config,
    contract,
    output: merging(lake.output),
    rejects: merging(lake.rejects),
    deadLetters: merging(lake.deadLetters),
  });
  const counted = await queryTable(
    lake.output,
    "SELECT count(*) AS rows, count(shade) AS shades FROM t",
  );
  expect(counted).toMatchObject([{ rows: 20, shades: 10 }]);
});
