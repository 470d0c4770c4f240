import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { destinationOf } from "../support/events.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake } from "../support/query.ts";
import { account } from "./account.ts";
import { Flow } from "./workers/flow.ts";
import { indexOf, PARTITIONS } from "./workers/layout.ts";

const RECORDS = 2_400;
const bootstrapServers = inject("bootstrapServers");

test("the account of the chaos counts what is lost and what is doubled, and only that", async () => {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const place = { bootstrapServers, topic };
  await new Flow(place, { least: RECORDS, perSecond: RECORDS }).enough();
  const lake = await temporaryLake();
  await runToEnd(splitEvents(bootstrapServers, topic, lake));
  const sound = await account(lake, RECORDS, indexOf, destinationOf);
  expect(sound).toEqual({ lost: 0, doubled: 0, wrong: [] });

  const rows = await addFileAgain(lake.rejects);
  const broken = await account(lake, RECORDS + 7, indexOf, destinationOf);
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
