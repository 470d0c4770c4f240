import { checkpointTable, optimizeTable, startQuery, vacuumTable, verifyTable } from "headgate";
import { expect, inject, test } from "vitest";
import { command, headgate, node } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records, tally } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { countRows, summarize } from "../support/readers/read-table.ts";
import { eventsForStore, storeOptions } from "../support/s3/lake.ts";

const COUNT = 4_000;
const bootstrapServers = inject("bootstrapServers");

async function filled() {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(COUNT));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await runToEnd({ ...config, batch: { maxRows: 400 } });
  return { topic, produced, lake, config };
}

test("small files become one, and independent readers see the same rows, types and bounds", async () => {
  const { produced, lake, config } = await filled();
  for (const [destination, rows] of Object.entries(tally(COUNT))) {
    const table = lake[destination as keyof typeof lake];
    const before = await summarize(table);
    const report = await optimizeTable(table);
    expect(report.filesAdded).toBe(1n);
    const after = await summarize(table);
    expect(after.duckdb).toEqual(before.duckdb);
    expect(after.datafusion).toEqual(before.duckdb);
    expect(after.log).toMatchObject({ rows, files: 1, columns: before.log.columns });
  }
  // The query goes on where it was.
  expect(await runToEnd(config)).toEqual([]);
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await verifyTable(lake.output, { deep: true })).toMatchObject({ ok: true });
});

test("files cut along a curve hold the same rows", async () => {
  const { lake } = await filled();
  const { status, stdout } = await headgate(
    ...["optimize", lake.output, "--z-order", "user_id,event_time"],
    ...["--target-file-size", "64KiB", "--json"],
  );
  expect(status).toBe(0);
  const { filesAdded } = JSON.parse(stdout);
  expect(Number(filesAdded)).toBeGreaterThan(1);
  const { duckdb, datafusion, log } = await summarize(lake.output);
  expect(duckdb).toEqual(datafusion);
  expect(log).toMatchObject({ rows: tally(COUNT).output, files: Number(filesAdded) });
});

test("a running query keeps its tables in few files, and loses nothing by it", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const config = continuous(splitEvents(bootstrapServers, topic, lake));
  const maintenance = { optimizeInterval: "200 milliseconds", checkpointInterval: 5 };
  let commits = 0;
  const query = await startQuery(
    { ...config, maintenance, batch: { maxRows: 100 } },
    {
      onStreamingBatch: () => {
        commits += 1;
      },
    },
  );
  const produced = [];
  for (let from = 0; ; from += 500) {
    produced.push(...(await produce(bootstrapServers, topic, records(500, { from }))));
    const { files } = (await summarize(lake.output).catch(() => undefined))?.log ?? {};
    if (commits > 20 && files !== undefined && files < commits / 2) break;
    expect(from).toBeLessThan(100_000);
  }
  await query.stop();
  await runToEnd(splitEvents(bootstrapServers, topic, lake));
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await verifyTable(lake.output, { deep: true })).toMatchObject({ ok: true });
}, 120_000);

test("on S3, by the command line and the environment: optimize, vacuum, checkpoint, verify", async () => {
  const { lake, config } = await eventsForStore(COUNT);
  await runToEnd({ ...config, batch: { maxRows: 400 } });
  const env = storeOptions(inject("s3"));
  const run = async (...words: string[]) => {
    const { status, stdout, stderr } = await node([command(), ...words, "--json"], env).ended;
    expect(stderr).toBe("");
    expect(status).toBe(0);
    return JSON.parse(stdout);
  };
  expect(await run("optimize", lake.output)).toMatchObject({ event: "optimized", filesAdded: "1" });
  expect(await run("vacuum", lake.output)).toMatchObject({ event: "vacuumed", files: [] });
  expect(await run("checkpoint", lake.output)).toMatchObject({ event: "checkpointed" });
  expect(await run("verify", lake.output, "--deep")).toMatchObject({ ok: true });
  expect(await countRows(lake.output)).toBe(tally(COUNT).output);
});

test("vacuum refuses a retention that an open batch would not survive, and a checkpoint is read", async () => {
  const { lake } = await filled();
  await expect(vacuumTable(lake.output, { retention: "1 day" })).rejects.toThrow(/retention/);
  const { version } = await checkpointTable(lake.output);
  expect(BigInt((await summarize(lake.output)).log.version)).toBe(version);
});

test("verify holds positions against the brokers", async () => {
  const { topic, lake } = await filled();
  await produce(bootstrapServers, topic, records(100, { from: COUNT }));
  const kafka = { "kafka.bootstrap.servers": bootstrapServers };
  const report = await verifyTable(lake.output, { kafka });
  expect(report).toMatchObject({ ok: true, breaks: [] });
  const behind = report.partitions.map(({ next = 0n, end = 0n }) => end - next);
  expect(behind.reduce((sum, lag) => sum + lag, 0n)).toBe(100n);
  expect(report.partitions.every(({ query, first }) => query === "events" && first === 0n)).toBe(
    true,
  );
  await until("the command agrees", async () => {
    const words = ["verify", lake.output, "--kafka", bootstrapServers];
    const { status, stdout } = await headgate(...words);
    return status === 0 && stdout.includes("not read yet") === false && stdout.includes("lag");
  });
});
