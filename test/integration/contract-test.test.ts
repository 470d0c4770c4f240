import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testContract } from "headgate";
import { EmbeddedBroker } from "headgate/testing";
import { expect, onTestFinished, test } from "vitest";
import { records, tally } from "../support/events.ts";
import { produce } from "../support/kafka/topics.ts";
import {
  eventsContract,
  runToEnd,
  splitEvents,
  temporaryFolder,
  temporaryLake,
} from "../support/query.ts";

const COUNT = 2_000;

test("data at rest is judged as it was on its way", async () => {
  const broker = EmbeddedBroker.start([{ name: "events", partitions: 4 }]);
  onTestFinished(() => broker.close());
  const produced = records(COUNT);
  await produce(broker.bootstrapServers, "events", produced);
  const lake = await temporaryLake();
  await runToEnd(splitEvents(broker.bootstrapServers, "events", lake));
  const { output, rejects, deadLetters } = tally(COUNT);

  const table = await testContract(eventsContract, lake.output);
  expect(table).toMatchObject({ format: "delta", ok: true, rows: output, violatingRows: 0 });
  const [name = ""] = (await readdir(lake.output)).filter((each) => each.endsWith(".parquet"));
  const file = await testContract(eventsContract, join(lake.output, name));
  expect(file).toMatchObject({ format: "parquet", ok: true, violatingRows: 0 });
  expect(file.rows).toBeGreaterThan(0);
  const refused = await testContract(eventsContract, lake.rejects);
  expect(refused).toMatchObject({ format: "delta", ok: false, rows: rejects });

  const lines = join(await temporaryFolder(), "events.jsonl");
  const values = produced.map(({ value }) => Buffer.from(value ?? ""));
  await writeFile(lines, Buffer.concat(values.flatMap((value) => [value, Buffer.from("\n")])));
  const before = await testContract(eventsContract, lines);
  expect(before).toMatchObject({ format: "json", ok: false, violatingRows: rejects });
  expect(before.rows).toBe(output + rejects);
  // An empty payload is a dead letter, an empty line nothing.
  const empty = values.filter(({ length }) => length === 0).length;
  expect(before.undecodable.count).toBe(deadLetters - empty);
});
