import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { event } from "../support/events.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { transact } from "../support/kafka/transactions.ts";
import { runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const sent = (...indices: number[]) =>
  indices.map((index) => ({ value: JSON.stringify(event(index)) }));

test("records of an aborted transaction are never seen, and their offsets are gaps of the ledger", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  await transact(bootstrapServers, topic, sent(0, 1), "commit");
  await transact(bootstrapServers, topic, sent(2, 3, 4), "abort");
  await transact(bootstrapServers, topic, sent(5), "commit");
  const lake = await temporaryLake();
  const batches = await runToEnd(splitEvents(bootstrapServers, topic, lake));

  expect(await queryTable(lake.output, "SELECT seq FROM t ORDER BY seq")).toEqual(
    [0, 1, 5].map((seq) => ({ seq })),
  );
  expect(totals(batches)).toMatchObject({ records: 3, accepted: 3 });
  // Three aborted records and the marker of each transaction but, perhaps, the last.
  const end = batches.at(-1)?.positions[0]?.end ?? 0n;
  expect([8n, 9n]).toContain(end);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

test("a run goes on after a transaction that ended in a gap", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  await transact(bootstrapServers, topic, sent(0), "commit");
  await transact(bootstrapServers, topic, sent(1), "abort");
  await runToEnd(config);
  await transact(bootstrapServers, topic, sent(2), "commit");
  await runToEnd(config);
  expect(await queryTable(lake.output, "SELECT seq FROM t ORDER BY seq")).toEqual(
    [0, 2].map((seq) => ({ seq })),
  );
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});
