import { startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { runFile } from "../support/config-file.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { addPartitions, createTopic, produce } from "../support/kafka/topics.ts";
import { ledgersOf, startsOf } from "../support/ledger.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");

test("a crash before the first batch does not resolve latest a second time", async () => {
  const topic = await createTopic(bootstrapServers, 3);
  await produce(bootstrapServers, topic, records(60, { partitions: 3 }));
  const lake = await temporaryLake();
  const latest = splitEvents(bootstrapServers, topic, lake, {
    startingOffsets: "latest",
    // The group waits that long for the process that is killed.
    "kafka.session.timeout.ms": "6000",
  });
  const trigger = { type: "processing_time", interval: "1 hour" } as const;
  const process = await runFile({ ...latest, streaming: { trigger } });
  await until("the first commit", async () => (await startsOf(lake.output)).length === 3, 60_000);
  const later = await produce(bootstrapServers, topic, records(90, { from: 60, partitions: 3 }));
  process.signal("SIGKILL");
  await process.ended;
  later.push(
    ...(await produce(bootstrapServers, topic, records(30, { from: 150, partitions: 3 }))),
  );
  expect(await startsOf(lake.output)).toEqual([20, 20, 20]);
  expect(await ledgersOf(lake.output)).toEqual([]);

  await runToEnd(latest);
  expect(await differences(lake, later, (index) => destinationOf(60 + index))).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("a partition added while a query runs is read from its first record, even under latest", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(bootstrapServers, topic, records(20, { partitions: 1 }));
  const lake = await temporaryLake();
  const options = {
    startingOffsets: "latest",
    "kafka.topic.metadata.refresh.interval.ms": "2000",
  };
  let seen = 0;
  const query = await startQuery(continuous(splitEvents(bootstrapServers, topic, lake, options)), {
    onStreamingBatch: (batch) => {
      seen += batch.counts.records;
    },
  });
  await addPartitions(bootstrapServers, topic, 3);
  // Long before the query knows of the new partitions.
  const later = await produce(bootstrapServers, topic, records(90, { from: 20, partitions: 3 }));
  await until("records of the new partitions", () => seen === 90);
  await query.stop();
  expect(await differences(lake, later, (index) => destinationOf(20 + index))).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});
