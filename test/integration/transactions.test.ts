import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, event, records } from "../support/events.ts";
import { readTopic } from "../support/kafka/read-topic.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { openTransaction, transact } from "../support/kafka/transactions.ts";
import { ledgersOf } from "../support/ledger.ts";
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

test("of transactions that interleave, exactly the committed records are stored, and every other offset is a gap", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  const keyed = (from: number) =>
    records(40, { from, partitions: 2 }).map((record, at) => ({ ...record, key: `${from + at}` }));
  const kept = await openTransaction(bootstrapServers, topic, "kept");
  const dropped = await openTransaction(bootstrapServers, topic, "dropped");
  for (const from of [0, 80, 160]) {
    await kept.send(keyed(from));
    await dropped.send(keyed(from + 40));
  }
  await dropped.end("abort");
  await kept.end("commit");
  const late = await openTransaction(bootstrapServers, topic, "late");
  await late.send(keyed(240));

  const lake = await temporaryLake();
  const config = splitEvents(bootstrapServers, topic, lake);
  expect(totals(await runToEnd(config)).records).toBe(120);
  await late.end("commit");
  expect(totals(await runToEnd(config)).records).toBe(40);

  const committed = await readTopic(bootstrapServers, topic);
  expect(committed).toHaveLength(160);
  const destination = (at: number) => destinationOf(Number(committed[at]?.key));
  expect(await differences(lake, committed, destination)).toEqual([]);
  const ledgers = await ledgersOf(lake.output);
  expect(ledgers).toHaveLength(2);
  for (const { start, end, records, gaps, lost } of ledgers) {
    expect({ start, records, lost }).toEqual({ start: 0, records: 80, lost: 0 });
    // Sixty aborted records and the marker of each transaction but, perhaps, the last.
    expect([62, 63]).toContain(gaps);
    expect(end).toBe(records + gaps);
  }
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
