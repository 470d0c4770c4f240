import { startQuery } from "headgate";
import { describe, expect, inject, test } from "vitest";
import { node } from "../../support/cli.ts";
import { records } from "../../support/events.ts";
import { produce } from "../../support/kafka/topics.ts";
import { continuous, runToEnd, totals, until } from "../../support/query.ts";
import { randomFrom } from "../../support/random.ts";
import { countRows } from "../../support/readers/read-table.ts";
import { eventsForStore } from "../../support/s3/lake.ts";
import { expectNoSecret } from "../../support/s3/outcome.ts";
import { expectSound } from "../../support/s3/sound.ts";

const bootstrapServers = inject("bootstrapServers");
const WORKER = "test/crash/worker.cjs";
const ROUND = 2_000;
const KILLS = 6;
const seed = Number(process.env.HEADGATE_CRASH_SEED ?? Date.now() % 1_000_000);

describe("a query on S3 that ends and starts again", () => {
  test("goes on where its table ends, round after round", async () => {
    const { topic, produced, lake, config } = await eventsForStore(ROUND);
    for (let round = 1; round <= 3; round += 1) {
      let seen = 0;
      const query = await startQuery(continuous(config), {
        onStreamingBatch: (batch) => {
          seen += batch.counts.records;
        },
      });
      const more = records(ROUND, { from: round * ROUND });
      produced.push(...(await produce(bootstrapServers, topic, more)));
      await until("records of this round", () => seen > 0, 60_000);
      await query.stop();
    }
    await runToEnd(config);
    await expectSound(lake, produced);
  });

  test("commits nothing when there is nothing new", async () => {
    const { lake, config } = await eventsForStore(400);
    await runToEnd(config);
    const keys = await lake.bucket.keys();
    expect(totals(await runToEnd(config)).records).toBe(0);
    expect(await lake.bucket.keys()).toEqual(keys);
  });

  test(`is killed ${KILLS} times, and each record is in exactly one table, once`, async () => {
    console.log(`HEADGATE_CRASH_SEED=${seed} repeats this run`);
    const random = randomFrom(seed);
    const { topic, produced, lake, config } = await eventsForStore(ROUND);
    const member = { ...config.input.options, "kafka.group.instance.id": "worker-1" };
    const running = {
      ...continuous(config),
      input: { ...config.input, options: member },
      batch: { maxRows: 500 },
    };
    let sawCommit = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const worker = node([WORKER], { QUERY: JSON.stringify(running) });
      await worker.says("started");
      const more = records(ROUND, { from: kill * ROUND });
      produced.push(...(await produce(bootstrapServers, topic, more)));
      await new Promise((resolve) => setTimeout(resolve, random() * 1_000));
      worker.signal("SIGKILL");
      const { stdout, stderr } = await worker.ended;
      expectNoSecret(config, stdout + stderr);
      if (stdout.includes("batch")) sawCommit += 1;
    }
    await runToEnd(config);
    // Otherwise all kills came too early to interrupt anything.
    expect(sawCommit).toBeGreaterThan(0);
    await expectSound(lake, produced);
  }, 300_000);
});

describe("several workers on S3", () => {
  test("share a topic while one is killed, and no record is in two tables or twice in one", async () => {
    const { topic, produced, lake, config } = await eventsForStore(ROUND, 6);
    // The place of a killed worker is free again after its session.
    const session = { ...config.input.options, "kafka.session.timeout.ms": "6000" };
    const running = {
      ...continuous(config),
      input: { ...config.input, options: session },
      batch: { maxRows: 500 },
    };
    const QUERY = JSON.stringify(running);
    const produceMore = async () => {
      const more = records(ROUND, { from: produced.length, partitions: 6 });
      produced.push(...(await produce(bootstrapServers, topic, more)));
    };
    const workers = [node([WORKER], { QUERY }), node([WORKER], { QUERY })];
    const [first] = workers as [(typeof workers)[0]];
    await Promise.all(workers.map((worker) => worker.says("started")));
    await produceMore();
    await until("rows of either", async () => (await countRows(lake.output)) > 0, 60_000);
    const third = await startQuery(running);
    await produceMore();
    first.signal("SIGKILL");
    await produceMore();
    await until("every record", async () => (await stored(lake)) === produced.length, 100_000);
    await third.stop();
    for (const worker of workers) {
      worker.signal("SIGKILL");
      const { stdout, stderr } = await worker.ended;
      expectNoSecret(config, stdout + stderr);
    }
    await expectSound(lake, produced);
  }, 300_000);
});

async function stored(lake: { output: string; rejects: string; deadLetters: string }) {
  const counts = [lake.output, lake.rejects, lake.deadLetters].map(countRows);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
