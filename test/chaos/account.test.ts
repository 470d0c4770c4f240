import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { destinationOf } from "../support/events.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder } from "../support/query.ts";
import { account } from "./account.ts";
import { Flow } from "./flow.ts";
import { localLake } from "./lake.ts";

const RECORDS = 2_400;
const PARTITIONS = 12;
const bootstrapServers = inject("bootstrapServers");

test("the account of the chaos counts what is lost and what is doubled, and only that", async () => {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const place = { bootstrapServers, topic, partitions: PARTITIONS };
  const flow = new Flow(place, { least: RECORDS, perSecond: RECORDS });
  await flow.enough();
  const lake = localLake(await temporaryFolder());
  await runToEnd(lake.query(bootstrapServers, topic));
  const all = {
    count: RECORDS,
    indexOf: (partition: number, offset: number) => flow.indexOf(partition, offset),
    destinationOf,
  };
  const sound = await account(lake, all);
  expect(sound).toEqual({ lost: 0, doubled: 0, wrong: [] });

  const unexpected = (index: number) => (index === 5 ? null : destinationOf(index));
  const deleted = await account(lake, { ...all, destinationOf: unexpected });
  expect(deleted.wrong).toHaveLength(1);

  const rows = await addFileAgain(lake.tables.rejects);
  const broken = await account(lake, { ...all, count: RECORDS + 7 });
  expect(broken).toMatchObject({ lost: 7, doubled: rows });
});

/** What a writer without a position check would do. Answers the rows of the file. */
async function addFileAgain(table: string): Promise<number> {
  const log = join(table, "_delta_log");
  const entries = (await readdir(log)).filter((name) => name.endsWith(".json")).sort();
  const last = entries.at(-1) ?? "";
  const actions = (await readFile(join(log, last), "utf8")).trim().split("\n");
  const { add } = actions.map((line) => JSON.parse(line)).find((action) => action.add) ?? {};
  const path = `again-${add.path.split("/").at(-1)}`;
  await copyFile(join(table, add.path), join(table, path));
  const next = String(Number(last.split(".")[0]) + 1).padStart(20, "0");
  await writeFile(join(log, `${next}.json`), JSON.stringify({ add: { ...add, path } }));
  return JSON.parse(add.stats).numRecords;
}
