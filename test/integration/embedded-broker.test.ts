import { EmbeddedBroker } from "headgate/testing";
import { expect, onTestFinished, test } from "vitest";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records, tally } from "../support/events.ts";
import { produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";

const COUNT = 4_000;

test("the whole path runs over the embedded broker, without any server", async () => {
  const broker = EmbeddedBroker.start([{ name: "events", partitions: 4 }]);
  onTestFinished(() => broker.close());
  const produced = await produce(broker.bootstrapServers, "events", records(COUNT));
  const lake = await temporaryLake();
  const batches = await runToEnd(splitEvents(broker.bootstrapServers, "events", lake));
  const { output, rejects, deadLetters } = tally(COUNT);
  expect(totals(batches)).toMatchObject({ accepted: output, rejected: rejects, deadLetters });
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});
