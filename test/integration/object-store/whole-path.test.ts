import type { StreamingNodeConfig } from "headgate";
import { describe, expect, inject, test } from "vitest";
import { node } from "../../support/cli.ts";
import { differences } from "../../support/coordinates.ts";
import { destinationOf, records, tally } from "../../support/events.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake, totals } from "../../support/query.ts";
import { summarize } from "../../support/readers/read-table.ts";
import { eventsForStore, storeOptions } from "../../support/s3/lake.ts";
import { expectSound } from "../../support/s3/sound.ts";

const bootstrapServers = inject("bootstrapServers");
const COUNT = 10_000;
const OF_A_TABLE =
  /^lake\/events(_rejects|_dead_letters)?\/(_delta_log\/(\d{20}\.(json|checkpoint\.parquet)|_last_checkpoint)|.*\.parquet)$/;

describe("tables on S3", () => {
  test("every record is in exactly the table that its damage asks for", async () => {
    const { produced, lake, config } = await eventsForStore(COUNT);
    const batches = await runToEnd(config);
    await expectSound(lake, produced);
    const { output, rejects, deadLetters } = tally(COUNT);
    expect(totals(batches)).toMatchObject({ accepted: output, rejected: rejects, deadLetters });
  });

  test("nothing but the tables is left in the bucket", async () => {
    const { lake, config } = await eventsForStore(1_000);
    await runToEnd(config);
    const keys = await lake.bucket.keys();
    expect(keys.filter((key) => !OF_A_TABLE.test(key))).toEqual([]);
  });

  test("partitioned tables read alike everywhere", async () => {
    const { produced, lake, config } = await eventsForStore(2_000);
    const options = { ...lake.options, partitionBy: "_ingestion_date,country" };
    await runToEnd({ ...config, output: { ...config.output, options } });
    await expectSound(lake, produced);
    const { duckdb, datafusion, log } = await summarize(lake.output);
    expect(duckdb).toEqual(datafusion);
    expect(log).toMatchObject({
      rows: tally(2_000).output,
      partitionColumns: ["_ingestion_date", "country"],
    });
  });

  test("what the options leave out comes from the environment", async () => {
    const { topic, produced, lake } = await eventsForStore(1_000);
    const { durability: _, ...config } = splitEvents(bootstrapServers, topic, lake);
    await runIn(storeOptions(inject("s3")), config);
    await expectSound(lake, produced);
  });

  test("an option outweighs the environment", async () => {
    const { produced, lake, config } = await eventsForStore(1_000);
    const misleading = { AWS_ACCESS_KEY_ID: "nobody", AWS_ENDPOINT_URL: "http://127.0.0.1:1" };
    await runIn(misleading, config);
    await expectSound(lake, produced);
  });
});

describe("file://", () => {
  test("is the local folder", async () => {
    const topic = await createTopic(bootstrapServers);
    const produced = await produce(bootstrapServers, topic, records(1_000));
    const lake = await temporaryLake();
    const config = splitEvents(bootstrapServers, topic, lake);
    await runToEnd({ ...config, output: { format: "delta", path: `file://${lake.output}` } });
    expect(await differences(lake, produced, destinationOf)).toEqual([]);
  });
});

const SCRIPT = `
  const { startQuery } = require("headgate");
  startQuery(JSON.parse(process.env.QUERY)).then((query) => query.awaitTermination());`;

/** Runs a query to its end in a process with this environment. */
async function runIn(environment: Record<string, string>, config: StreamingNodeConfig) {
  const env = { ...environment, QUERY: JSON.stringify(config) };
  expect(await node(["-e", SCRIPT], env).ended).toMatchObject({ status: 0, stderr: "" });
}
