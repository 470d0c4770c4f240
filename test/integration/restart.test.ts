import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Coordinate, createTopic, produce } from "../support/kafka/topics.ts";
import {
  continuous,
  runToEnd,
  splitEvents,
  temporaryLake,
  totals,
  until,
} from "../support/query.ts";
import { summarize } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const ROUND = 3_000;

test("a query that was stopped goes on where its table ends, round after round", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const config = continuous(splitEvents(bootstrapServers, topic, lake));
  const produced: Coordinate[] = [];

  for (let round = 0; round < 4; round += 1) {
    const from = round * ROUND;
    const placed = produce(bootstrapServers, topic, records(ROUND, { from }));
    let seen = 0;
    const query = await startQuery(config, {
      onStreamingBatch: (batch) => {
        seen += batch.counts.records;
      },
    });
    produced.push(...(await placed));
    // Half the rounds are stopped in the middle of their records, half at their end.
    await until("records of this round", () => seen >= (round % 2 === 0 ? 1 : ROUND));
    await query.stop();
    expect(query.status).toBe("TERMINATED");
  }
  await runToEnd(splitEvents(bootstrapServers, topic, lake));

  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("a start without new records reads nothing and commits nothing", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, records(400));
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  expect(totals(await runToEnd(config)).records).toBe(400);
  const { log } = await summarize(lake.output);

  expect(totals(await runToEnd(config)).records).toBe(0);
  expect((await summarize(lake.output)).log.version).toBe(log.version);
});

test("the group's offsets do not decide: the table does", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(1_000));
  const [first, second] = [await temporaryLake(), await temporaryLake()];
  await runToEnd(splitEvents(bootstrapServers, topic, first));
  await runToEnd(splitEvents(bootstrapServers, topic, second));
  expect(await differences(first, produced, destinationOf)).toEqual([]);
  expect(await differences(second, produced, destinationOf)).toEqual([]);
});
