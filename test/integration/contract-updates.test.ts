import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ContractDocument,
  contractStore,
  type StreamingNodeConfig,
  startQuery,
} from "headgate";
import { expect, inject, test } from "vitest";
import { parse } from "yaml";
import { command, headgate, node } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Coordinate, createTopic, produce } from "../support/kafka/topics.ts";
import { accountsOf } from "../support/ledger.ts";
import {
  continuous,
  eventsContract,
  runToEnd,
  splitEvents,
  temporaryFolder,
  temporaryLake,
  until,
} from "../support/query.ts";
import { randomFrom } from "../support/random.ts";
import { queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

type Property = Record<string, unknown>;

/** The contract of events under another version, its columns changed. */
async function events(
  version: string,
  change: (properties: Property[]) => Property[] = (properties) => properties,
): Promise<ContractDocument> {
  const document = parse(await readFile(eventsContract, "utf8"));
  const [object] = document.schema;
  return { ...document, version, schema: [{ ...object, properties: change(object.properties) }] };
}

/** What 1.1.0 asks more than 1.0.0, and no event of ours breaks. */
const withReferrer = (properties: Property[]) => [
  ...properties,
  { name: "referrer", logicalType: "string", logicalTypeOptions: { maxLength: 10 } },
];

async function storeOf(...contracts: ContractDocument[]) {
  const path = await temporaryFolder();
  const store = contractStore({ path });
  for (const contract of contracts) await store.publish(contract);
  return { path, store };
}

function evolving(config: StreamingNodeConfig): StreamingNodeConfig {
  const options = { mergeSchema: "true" };
  const table = <T extends object>(given: T) => ({ ...given, options });
  const { output, rejects } = config;
  return { ...config, output: table(output), rejects: table(rejects as typeof output) };
}

/** Batches by the version of the contract that judged them, in the order of the log. */
async function versionsOf(output: string): Promise<string[]> {
  const accounts = await accountsOf(output, "batch");
  return accounts.map(({ account }) => {
    const { contract } = account;
    expect(contract?.hash).toMatch(/^[0-9a-f]{64}$/);
    return contract?.version ?? "";
  });
}

/** Records keep flowing until `isOver`. */
async function produceUntil(topic: string, isOver: () => boolean): Promise<Coordinate[]> {
  const produced: Coordinate[] = [];
  for (let from = 0; !isOver(); from += 500) {
    produced.push(...(await produce(bootstrapServers, topic, records(500, { from }))));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return produced;
}

test("a query moves to a new version while records flow, and each is judged by one of them", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const { path, store } = await storeOf(await events("1.0.0"));
  const contract = { id: "events", version: ">=1" };
  const config = evolving({
    ...continuous(splitEvents(bootstrapServers, topic, lake)),
    ...{ contract, contractStore: { path } },
  });
  const told: (string | undefined)[] = [];
  const query = await startQuery(config, {
    onStreamingBatch: (batch) => void told.push(batch.contract?.version),
  });
  let isOver = false;
  const flow = produceUntil(topic, () => isOver);
  await until("batches under 1.0.0", () => told.length >= 3);
  // Nothing is new: nothing changes.
  expect(await query.updateContract()).toMatchObject({ to: { version: "1.0.0" } });
  await store.publish(await events("1.1.0", withReferrer));
  const change = await query.updateContract();
  expect(change).toMatchObject({ from: { version: "1.0.0" }, to: { version: "1.1.0" } });
  expect(change.from.hash).not.toBe(change.to.hash);
  await until("batches under 1.1.0", () => told.filter((each) => each === "1.1.0").length >= 3);
  isOver = true;
  const produced = await flow;
  await query.stop();
  await runToEnd({ ...config, streaming: { trigger: { type: "available_now" } } });

  const versions = await versionsOf(lake.output);
  expect(new Set(versions)).toEqual(new Set(["1.0.0", "1.1.0"]));
  expect(versions).toEqual(versions.toSorted());
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  const verified = await headgate("verify", lake.output, "--deep");
  expect(verified).toMatchObject({ status: 0 });
});

test("a version that cannot be used is refused, and the query goes on under the old one", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const { path, store } = await storeOf(await events("1.0.0"));
  const config: StreamingNodeConfig = {
    ...continuous(splitEvents(bootstrapServers, topic, lake)),
    ...{ contract: { id: "events", version: ">=1" }, contractStore: { path } },
  };
  let batches = 0;
  const query = await startQuery(config, {
    onStreamingBatch: () => {
      batches += 1;
    },
  });
  const produced = await produce(bootstrapServers, topic, records(400));
  await until("a batch", () => batches > 0);

  const asText = (properties: Property[]) =>
    properties.map((each) =>
      each.name === "seq" ? { ...each, logicalType: "string", logicalTypeOptions: {} } : each,
    );
  const broken = (properties: Property[]) => [
    ...properties,
    { name: "x", logicalType: "nonsense" },
  ];
  for (const [version, change, code] of [
    ["1.1.0", asText, "DELTA_SCHEMA_MISMATCH"],
    ["1.2.0", withReferrer, "DELTA_SCHEMA_MISMATCH"],
    ["1.3.0", broken, "CONFIG_INVALID"],
  ] as const) {
    await store.publish(await events(version, change));
    const error = await query.updateContract().catch((error: unknown) => error);
    expect(error).toMatchObject({ code });
  }
  expect(query.isActive).toBe(true);
  const before = batches;
  produced.push(...(await produce(bootstrapServers, topic, records(400, { from: 400 }))));
  await until("a batch after the refusals", () => batches > before);
  await query.stop();
  expect(new Set(await versionsOf(lake.output))).toEqual(new Set(["1.0.0"]));
  await runToEnd({
    ...config,
    ...{ contract: { id: "events", version: "1.0.0" } },
    streaming: { trigger: { type: "available_now" } },
  });
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
});

test("what the new version asks holds from the boundary on", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const lake = await temporaryLake();
  const config = continuous(splitEvents(bootstrapServers, topic, lake));
  const contract = await events("1.0.0");
  let rows = 0;
  const query = await startQuery(
    { ...config, contract },
    {
      onStreamingBatch: ({ counts }) => {
        rows += counts.records;
      },
    },
  );
  const good = (count: number, from: number) =>
    records(count * 20, { from, partitions: 1 }).filter(
      (_, at) => destinationOf(from + at) === "output",
    );
  const first = good(5, 0);
  await produce(bootstrapServers, topic, first);
  await until("the rows of 1.0.0", () => rows === first.length);
  const strict = (properties: Property[]) =>
    properties.map((each) =>
      each.name === "seq" ? { ...each, logicalTypeOptions: { minimum: 1_000_000 } } : each,
    );
  await query.updateContract(await events("2.0.0", strict));
  const second = good(5, 1_000);
  await produce(bootstrapServers, topic, second);
  await until("the rows of 2.0.0", () => rows === first.length + second.length);
  await query.stop();
  const ranges = (table: string) =>
    queryTable(table, "SELECT count(*) AS n, min(_kafka_offset) AS first FROM t");
  expect(await ranges(lake.output)).toEqual([{ n: first.length, first: 0 }]);
  expect(await ranges(lake.rejects)).toEqual([{ n: second.length, first: first.length }]);
  await expect(query.updateContract(contract)).rejects.toMatchObject({ code: "QUERY_ENDED" });
});

test("headgate run moves its queries at SIGHUP", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const { path, store } = await storeOf(await events("1.0.0"));
  const file = join(await temporaryFolder(), "events.json");
  await writeFile(
    file,
    JSON.stringify({
      name: "events",
      input: {
        format: "kafka",
        options: {
          "kafka.bootstrap.servers": bootstrapServers,
          ...{ subscribe: topic, startingOffsets: "earliest" },
        },
        decode: "json",
      },
      contract: { id: "events" },
      contract_store: { path },
      on_violation: "split",
      output: { format: "delta", path: lake.output },
      rejects: { format: "delta", path: lake.rejects },
      dead_letters: { format: "delta", path: lake.deadLetters },
      streaming: { trigger: { type: "processing_time", interval: "200 milliseconds" } },
      durability: "process",
    }),
  );
  const run = node([command(), "run", file, "--json"]);
  await produce(bootstrapServers, topic, records(200));
  await run.says('"event":"batch"');
  await store.publish(await events("1.0.1"));
  run.signal("SIGHUP");
  await run.says('"event":"contract"');
  expect(run.stdout).toMatch(/"from":\{"id":"events","version":"1.0.0".*"version":"1.0.1"/);
  await produce(bootstrapServers, topic, records(200, { from: 200 }));
  await until("a batch under 1.0.1", async () => (await versionsOf(lake.output)).includes("1.0.1"));
  run.signal("SIGTERM");
  expect(await run.ended).toMatchObject({ status: 0 });
});

test("a process that is killed around a move leaves each record in exactly one table, once", async () => {
  const seed = Number(process.env.HEADGATE_CRASH_SEED ?? Date.now() % 1_000_000);
  console.log(`HEADGATE_CRASH_SEED=${seed} repeats this run`);
  const random = randomFrom(seed);
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const { path, store } = await storeOf(await events("1.0.0"));
  const config = evolving({
    ...splitEvents(bootstrapServers, topic, lake),
    ...{ contract: { id: "events", version: ">=1" }, contractStore: { path } },
  });
  const options = { ...config.input.options, "kafka.group.instance.id": "worker-1" };
  const running = { ...continuous(config), input: { ...config.input, options } };
  let isOver = false;
  const flow = produceUntil(topic, () => isOver);
  let moved = 0;
  for (let round = 1; round <= 8; round += 1) {
    const worker = node(["test/crash/moving-worker.cjs"], { QUERY: JSON.stringify(running) });
    await worker.says("batch");
    await store.publish(await events(`1.${round}.0`, round === 1 ? withReferrer : undefined));
    worker.signal("SIGUSR2");
    await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
    worker.signal("SIGKILL");
    const { signal, stdout } = await worker.ended;
    expect(signal).toBe("SIGKILL");
    if (stdout.includes("moved")) moved += 1;
  }
  isOver = true;
  const produced = await flow;
  await runToEnd(config);
  console.log(`${moved} of 8 moves were done before the kill`);
  const order = (version: string) => Number(version.split(".")[1]);
  const versions = (await versionsOf(lake.output)).map(order);
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
}, 300_000);
