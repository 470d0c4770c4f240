import { expect, inject, onTestFinished, test } from "vitest";
import { headgate, node, type Running } from "../../support/cli.ts";
import { records } from "../../support/events.ts";
import { createTopic, produce } from "../../support/kafka/topics.ts";
import { accountsOf } from "../../support/ledger.ts";
import { continuous, splitEvents, temporaryLake, until } from "../../support/query.ts";
import { queryTable } from "../../support/readers/read-table.ts";
import { Service } from "./service.ts";

const WORKER = "test/integration/observers/worker.cjs";
const PARTITIONS = 4;
const ROUND = 2_000;
const bootstrapServers = inject("bootstrapServers");

/** The batches that the output's log has, in order. */
const committed = (table: string) => accountsOf(table, "batch").catch(() => []);

/** Records up to the last position of each partition. */
async function progress(table: string): Promise<number> {
  const ends = new Map<number, number>();
  for (const { account } of await committed(table)) {
    for (const { partition, end } of account.partitions ?? []) ends.set(partition, end);
  }
  return [...ends.values()].reduce((sum, end) => sum + end, 0);
}

test("T19: two workers, the service down, its teller killed: each version in order, none left out", async () => {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const lake = await temporaryLake();
  const options = { "kafka.session.timeout.ms": "6000", "kafka.heartbeat.interval.ms": "1000" };
  const config = continuous(splitEvents(bootstrapServers, topic, lake, options));
  const service = await Service.start();
  const env = {
    QUERY: JSON.stringify({ ...config, batch: { maxRows: 500 } }),
    SERVICE: service.url,
  };
  const start = async () => {
    const worker = node([WORKER], env);
    onTestFinished(() => worker.signal("SIGKILL"));
    await worker.says("started");
    return worker;
  };
  let produced = 0;
  const round = async () => {
    await produce(
      bootstrapServers,
      topic,
      records(ROUND, { from: produced, partitions: PARTITIONS }),
    );
    produced += ROUND;
    await until(
      "all of a round is committed",
      async () => (await progress(lake.output)) === produced,
      60_000,
    );
  };
  const workers: Running[] = [await start(), await start()];

  await round();
  await until("something is told", () => service.told.length > 0);
  service.isUp = false;
  await round();
  await round();
  await until("the service is asked while it is down", () => service.refused > 0);
  service.isUp = true;
  const { length: before } = service.told;
  await until("it is told again", () => service.told.length > before, 60_000);
  const teller = service.told.at(-1)?.worker;
  const [killed] = workers.filter(({ pid }) => pid === teller);
  expect(killed).toBeDefined();
  killed?.signal("SIGKILL");
  await round();
  const batches = await committed(lake.output);
  await until("all is told", () => service.versions.length === batches.length, 60_000);

  expect(service.versions).toEqual(batches.map(({ version }) => version));
  for (const worker of workers) {
    const own = service.told.filter((each) => each.worker === worker.pid);
    const versions = own.map(({ batchId }) => batchId);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  }
  const uuids = new Map(service.told.map(({ batchId, batchUuid }) => [batchId, batchUuid]));
  expect([...uuids.values()]).toEqual(batches.map(({ account }) => account.batch));
  const sql = "SELECT DISTINCT _batch_uuid AS uuid FROM t";
  for (const { uuid } of await queryTable<{ uuid: string }>(lake.rejects, sql)) {
    expect([...uuids.values()]).toContain(uuid);
  }

  const [survivor] = workers.filter((worker) => worker !== killed);
  survivor?.signal("SIGTERM");
  expect(await survivor?.ended).toMatchObject({ status: 0, stderr: "" });
  const { length: told } = service.told;
  const successor = await start();
  await round();
  await until("only what is new is told", () => service.told.length > told);
  expect(
    service.told.slice(told).every(({ batchId }) => batchId > (batches.at(-1)?.version ?? 0)),
  ).toBe(true);
  successor.signal("SIGTERM");
  expect(await successor.ended).toMatchObject({ status: 0 });
  expect(await headgate("verify", lake.output, "--deep")).toMatchObject({ status: 0 });
}, 240_000);
