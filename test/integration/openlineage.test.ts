import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileTransport, type LineageEvent, openLineage, startQuery } from "headgate";
import { expect, inject, test } from "vitest";
import { problemsOf } from "../api/openlineage/schemas.ts";
import { recordingLogger } from "../api/support/recording-logger.ts";
import { run } from "../support/command.ts";
import { goodRecords, records, tally } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { python } from "../support/python.ts";
import { runToEnd, splitEvents, temporaryFolder, temporaryLake, until } from "../support/query.ts";
import { root } from "../support/root.ts";

const bootstrapServers = inject("bootstrapServers");
const client = join(root, "test", "support", "openlineage");

/** Those that are written whole. */
async function eventsIn(path: string): Promise<LineageEvent[]> {
  const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

const typesOf = (events: readonly LineageEvent[]) => events.map(({ eventType }) => eventType);

/** What the tables got by an event: output, rejects and dead letters. */
function written({ outputs = [] }: Partial<LineageEvent> = {}): unknown[] {
  return outputs.map(({ outputFacets }) => outputFacets.outputStatistics?.rowCount);
}

test("a run to the end, a run that is stopped and one that fails are events that OpenLineage's client reads", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  const path = join(await temporaryFolder(), "lineage.jsonl");
  const observers = [
    openLineage({ namespace: "ingest", transport: fileTransport(path), throttleMs: 0 }),
  ];
  const config = splitEvents(bootstrapServers, topic, lake);
  const numRecords = 1_000;

  await produce(bootstrapServers, topic, records(numRecords));
  const batches = await runToEnd({ ...config, batch: { maxRows: 400 } }, { observers });
  const finished = await eventsIn(path);
  const running = finished.filter(({ eventType }) => eventType === "RUNNING");
  expect(typesOf(finished)).toEqual(["START", ...running.map(() => "RUNNING"), "COMPLETE"]);
  const versions = running.map(({ outputs }) => outputs[0]?.facets.version?.datasetVersion);
  expect(versions).toEqual(batches.map(({ datasetVersion }) => datasetVersion));
  const { output, rejects, deadLetters } = tally(numRecords);
  expect(written(finished.at(-1))).toEqual([output, rejects, deadLetters]);
  expect(finished.at(-1)?.outputs.map(({ name }) => name)).toEqual(Object.values(lake));
  const namespace = `kafka://${bootstrapServers.split(",")[0]}`;
  expect(finished.at(-1)?.inputs).toMatchObject([{ namespace, name: topic }]);
  const broken = batches.flatMap(({ metrics }) =>
    Object.keys(metrics).filter((key) => (metrics[key] ?? 0) > 0 && key.startsWith("violations.")),
  );
  const assertions = running.flatMap(
    ({ inputs }) => inputs[0]?.inputFacets.dataQualityAssertions?.assertions as { name: string }[],
  );
  const names = assertions.map(({ name }) => `violations.${name}`);
  expect(new Set(names)).toEqual(new Set(broken));

  const trigger = { type: "processing_time", interval: "200 milliseconds" } as const;
  const query = await startQuery({ ...config, streaming: { trigger } }, { observers });
  await produce(bootstrapServers, topic, records(100));
  await until("a batch is told", async () => (await eventsIn(path)).length > finished.length + 1);
  await query.stop();
  const stopped = (await eventsIn(path)).slice(finished.length);
  expect(stopped.at(-1)).toMatchObject({ eventType: "ABORT", run: { runId: query.runId } });
  expect(query.runId).not.toBe(finished[0]?.run.runId);

  await produce(bootstrapServers, topic, records(100));
  const blocking = { ...config, onViolation: "block" } as const;
  await expect(runToEnd(blocking, { observers })).rejects.toThrow();
  const all = await eventsIn(path);
  const failed = all.slice(finished.length + stopped.length);
  expect(typesOf(failed.slice(-2))).toEqual(["RUNNING", "FAIL"]);
  expect(failed.at(-2)?.run.facets.headgate_microBatch).toMatchObject({ status: "block" });
  expect(written(failed.at(-2))).toEqual([0, 0, 0]);

  expect(all.flatMap(problemsOf)).toEqual([]);
  const interpreter = await python("openlineage", join(client, "requirements.txt"));
  const met = JSON.parse(await run(interpreter, [join(client, "load_events.py"), path]));
  expect(met).toEqual(expect.arrayContaining(["dataQualityAssertions", "errorMessage", "version"]));
}, 240_000);

test("batches that were summed and never sent are told by the next run", async () => {
  const topic = await createTopic(bootstrapServers);
  const lake = await temporaryLake();
  await produce(bootstrapServers, topic, goodRecords(1_000));
  const taken: LineageEvent[] = [];
  let isUp = true;
  const transport = {
    emit(event: LineageEvent) {
      if (!isUp) throw new Error("down");
      taken.push(event);
      // Takes no end of the first run.
      isUp = taken.length !== 2;
    },
  };
  const observers = [openLineage({ namespace: "ingest", transport, throttleMs: 600_000 })];
  const config = { ...splitEvents(bootstrapServers, topic, lake), batch: { maxRows: 200 } };

  const { logger } = recordingLogger();
  const batches = await runToEnd(config, { observers, logger });
  expect(batches.length).toBeGreaterThanOrEqual(5);
  expect(typesOf(taken)).toEqual(["START", "RUNNING"]);
  isUp = true;
  await runToEnd(config, { observers, logger });
  expect(typesOf(taken)).toEqual(["START", "RUNNING", "START", "RUNNING", "COMPLETE"]);
  const told = taken.flatMap(({ run }) => run.facets.headgate_microBatch ?? []);
  expect(told.reduce((sum, { batches }) => sum + Number(batches), 0)).toBe(batches.length);
  const counts = told.map(({ counts }) => (counts as { records: number }).records);
  expect(counts.reduce((sum, records) => sum + records, 0)).toBe(1_000);
});
