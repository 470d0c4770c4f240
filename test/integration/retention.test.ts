import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { runFile } from "../support/config-file.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Coordinate, createTopic, deleteRecords, produce } from "../support/kafka/topics.ts";
import { ledgersOf } from "../support/ledger.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { refusalOf } from "../support/refusal.ts";

const bootstrapServers = inject("bootstrapServers");
/** Read, lost and left of partition 0, in this order; partition 1 loses nothing. */
const [READ, LOST, LEFT] = [50, 30, 20];

const send = (topic: string, from: number, count: number) =>
  produce(bootstrapServers, topic, records(count, { from, partitions: 2 }));

const loses = (topic: string) => deleteRecords(bootstrapServers, topic, 0, READ + LOST);

/** Where a record belongs when offsets `[READ, READ + LOST)` of partition 0 were lost. */
function survives(produced: readonly Coordinate[]) {
  return (index: number) => {
    const { partition = 0, offset = 0 } = produced[index] ?? {};
    const isLost = partition === 0 && offset >= READ && offset < READ + LOST;
    return isLost ? null : destinationOf(index);
  };
}

async function expectLossInLedger(table: string): Promise<void> {
  const sums = (await ledgersOf(table)).sort((a, b) => a.partition - b.partition);
  const end = READ + LOST + LEFT;
  expect(sums).toMatchObject([
    { start: 0, end, records: READ + LEFT, gaps: 0, lost: LOST },
    { start: 0, end, records: end, gaps: 0, lost: 0 },
  ]);
}

const lossOf = (topic: string) => ({
  code: "KAFKA_DATA_LOSS",
  retryable: false,
  message: expect.stringContaining(`[${READ}, ${READ + LOST}) of ${topic}-0`),
  context: expect.objectContaining({
    field: "input.options.failOnDataLoss",
    expected: expect.stringContaining(`${READ}`),
    actual: expect.stringContaining(`${READ + LOST}`),
    details: expect.stringContaining("failOnDataLoss: false"),
  }),
});

test("retention that overtook a stopped query fails it with the missing range, or is counted as lost", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  const lake = await temporaryLake();
  const strict = splitEvents(bootstrapServers, topic, lake);
  const produced = await send(topic, 0, 2 * READ);
  await runToEnd(strict);
  produced.push(...(await send(topic, 2 * READ, 2 * (LOST + LEFT))));
  await loses(topic);

  expect(await refusalOf(strict)).toMatchObject(lossOf(topic));
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });

  await runToEnd(splitEvents(bootstrapServers, topic, lake, { failOnDataLoss: "false" }));
  expect(await differences(lake, produced, survives(produced))).toEqual([]);
  await expectLossInLedger(lake.output);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test.each(["true", "false"])(
  "retention that overtakes a query while it runs: failOnDataLoss %s",
  async (failOnDataLoss) => {
    const topic = await createTopic(bootstrapServers, 2);
    const lake = await temporaryLake();
    const config = splitEvents(bootstrapServers, topic, lake, { failOnDataLoss });
    const produced = await send(topic, 0, 2 * READ);
    const process = await runFile(continuous(config));
    const isAt = async (end: number) => {
      const sums = await ledgersOf(lake.output).catch(() => []);
      return sums.length === 2 && sums.every((sum) => sum.end === end);
    };
    await until("the first records", () => isAt(READ), 60_000);
    // Frozen, it is as slow as can be: it has fetched nothing of what comes now.
    process.signal("SIGSTOP");
    // Longer than a fetch that was under way waits.
    await new Promise((resolve) => setTimeout(resolve, 500));
    produced.push(...(await send(topic, 2 * READ, 2 * (LOST + LEFT))));
    await loses(topic);
    process.signal("SIGCONT");

    if (failOnDataLoss === "true") {
      const { status, stderr, stdout } = await process.ended;
      expect(status).toBe(1);
      const told = `${stdout}${stderr}`
        .split("\n")
        .find((line) => line.includes('"event":"error"'));
      expect(JSON.parse(told ?? "null")).toMatchObject(lossOf(topic));
      await runToEnd(splitEvents(bootstrapServers, topic, lake, { failOnDataLoss: "false" }));
    } else {
      await until("what is left", () => isAt(READ + LOST + LEFT));
      process.signal("SIGTERM");
      expect(await process.ended).toMatchObject({ status: 0 });
    }
    expect(await differences(lake, produced, survives(produced))).toEqual([]);
    await expectLossInLedger(lake.output);
    expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
  },
);

/** A table whose exact start was retained no more: five offsets lost. */
async function withLoss(): Promise<string> {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, records(20, { partitions: 1 }));
  await deleteRecords(bootstrapServers, topic, 0, 5);
  const lake = await temporaryLake();
  const startingOffsets = JSON.stringify({ [topic]: { 0: 0 } });
  const options = { startingOffsets, failOnDataLoss: "false" };
  await runToEnd(splitEvents(bootstrapServers, topic, lake, options));
  return lake.output;
}

test("a start before the first offset there is counts as lost what is missing", async () => {
  const table = await withLoss();
  const ledger = { start: 0, end: 20, records: 15, gaps: 0, lost: 5 };
  expect(await ledgersOf(table)).toMatchObject([ledger]);
});

test("verify says how many offsets were lost", async () => {
  const { stdout } = await headgate("verify", await withLoss(), "--json");
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, records: "15", gaps: "0", lost: "5" });
});
