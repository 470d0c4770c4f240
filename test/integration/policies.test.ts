import { type StreamingNodeConfig, StreamingQueryError } from "headgate";
import { expect, inject, test } from "vitest";
import { type Destination, differences } from "../support/coordinates.ts";
import { damageOf, destinationOf, event, goodRecords, records, tally } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake, totals } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const COUNT = 2_000;
const expected = tally(COUNT);

/** A topic with damaged records, an empty lake and a configuration over them. */
async function damaged(
  change: Partial<StreamingNodeConfig>,
  without: (keyof StreamingNodeConfig)[],
) {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(COUNT));
  const lake = await temporaryLake();
  const config = { ...splitEvents(bootstrapServers, topic, lake), ...change };
  for (const key of without) delete config[key];
  return { topic, produced, lake, config };
}

/** Where a record goes when rows that break a rule stay in the output. */
function stays(index: number): Destination {
  const damage = damageOf(index);
  return damage?.representable === false ? damage.destination : "output";
}

test("block: a violating batch writes nothing and fails the query", async () => {
  const { lake, config } = await damaged({ onViolation: "block" }, ["rejects"]);
  const failure = await runToEnd(config).catch((error: unknown) => error);
  expect(StreamingQueryError.is(failure)).toBe(true);
  expect(failure).toMatchObject({ code: "CONTRACT_VIOLATED" });
  expect(await countRows(lake.output)).toBe(0);
  expect(await countRows(lake.deadLetters)).toBe(0);
});

test("block: a restart reads the same rows and blocks again", async () => {
  const { lake, config } = await damaged({ onViolation: "block" }, ["rejects"]);
  for (let start = 0; start < 3; start += 1) await expect(runToEnd(config)).rejects.toThrow();
  expect(await countRows(lake.output)).toBe(0);
});

test("block is what a contract means when nothing else is said", async () => {
  const { config } = await damaged({}, ["onViolation", "rejects"]);
  await expect(runToEnd(config)).rejects.toMatchObject({ code: "CONTRACT_VIOLATED" });
});

test("block: good rows pass", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, goodRecords(500));
  const lake = await temporaryLake();
  const { rejects: _, ...config } = splitEvents(bootstrapServers, topic, lake);
  const batches = await runToEnd({ ...config, onViolation: "block" });
  expect(batches.map((batch) => batch.status)).toEqual(["ok"]);
  expect(await countRows(lake.output)).toBe(500);
});

test("split with `rejects: dead_letters` makes dead letters of rejections", async () => {
  const { lake, config, produced } = await damaged({}, ["rejects"]);
  const batches = await runToEnd({ ...config, rejects: "dead_letters" } as never);
  expect(totals(batches)).toMatchObject({ accepted: expected.output, rejected: 0 });
  const { output, deadLetters } = lake;
  const wrong = await differences({ output, deadLetters }, produced, (index) =>
    destinationOf(index) === "output" ? "output" : "deadLetters",
  );
  expect(wrong).toEqual([]);
  const sql = "SELECT count(*) AS n FROM t WHERE _error_type = 'SCHEMA_VIOLATION'";
  expect(await queryTable(deadLetters, sql)).toEqual([{ n: expected.rejects }]);
});

test("split without a table for rejections is refused", async () => {
  const { config } = await damaged({}, ["rejects"]);
  await expect(runToEnd(config)).rejects.toMatchObject({ issues: [{ field: "rejects" }] });
});

test("allow: all rows to the output, copies of the violating ones to rejects", async () => {
  const { lake, config } = await damaged({ onViolation: "allow" }, []);
  const sum = totals(await runToEnd(config));
  const rows = COUNT - expected.deadLetters;
  expect(await countRows(lake.deadLetters)).toBe(expected.deadLetters);
  // A row with a field that its column cannot hold is no copy: it is rejected, even here.
  expect(sum.accepted + sum.rejected).toBe(rows);
  expect(sum.copied + sum.rejected).toBe(expected.rejects);
  expect(sum.rejected).toBeGreaterThan(0);
  expect(sum.copied).toBeGreaterThan(0);
  expect(await countRows(lake.output)).toBe(sum.accepted);
  expect(await countRows(lake.rejects)).toBe(expected.rejects);
});

test("flag: all rows to the output, each with its violations", async () => {
  const topic = await createTopic(bootstrapServers, 1);
  const values = [event(0), { ...event(1), amount: -1 }, { ...event(2), event_id: null, seq: -1 }];
  const sent = values.map((value) => ({ value: JSON.stringify(value) }));
  await produce(bootstrapServers, topic, sent);
  const lake = await temporaryLake();
  const { rejects: _, ...config } = splitEvents(bootstrapServers, topic, lake);
  const batches = await runToEnd({ ...config, onViolation: "flag" });
  expect(batches.map((batch) => batch.status)).toEqual(["warn"]);
  const sql = "SELECT to_json(_violations) AS v FROM t ORDER BY _kafka_offset";
  const [good, one, two] = await queryTable<{ v: string | null }>(lake.output, sql);
  expect(JSON.parse(good?.v ?? "[]") ?? []).toEqual([]);
  expect(JSON.parse(one?.v ?? "[]")).toHaveLength(1);
  expect(one?.v).toContain("minimum_amount");
  expect(JSON.parse(two?.v ?? "[]")).toHaveLength(2);
});

test("an undecodable record without a table for dead letters fails the query", async () => {
  const { lake, config, produced } = await damaged({}, ["deadLetters"]);
  await expect(runToEnd(config)).rejects.toMatchObject({
    code: "RECORD_UNDECODABLE",
    context: {
      field: "deadLetters",
      actual: expect.stringMatching(/JSON_PARSE_ERROR|ENCODING_ERROR/),
    },
  });
  const { output, rejects } = lake;
  const wrong = await differences({ output, rejects }, produced, () => null);
  expect(wrong).toEqual([]);
});

test.each(["block", "split", "allow", "flag"] as const)(
  "%s: every record of several batches is accounted for",
  async (onViolation) => {
    const topic = await createTopic(bootstrapServers);
    const sent = onViolation === "block" ? goodRecords(COUNT) : records(COUNT);
    const produced = await produce(bootstrapServers, topic, sent);
    const lake = await temporaryLake();
    const config = splitEvents(bootstrapServers, topic, lake);
    const batches = await runToEnd({ ...config, onViolation, batch: { maxRows: 300 } });
    expect(batches.length).toBeGreaterThan(1);
    const sum = totals(batches);
    expect(sum.records).toBe(COUNT);
    expect(sum.accepted + sum.rejected + sum.deadLetters + sum.skipped).toBe(COUNT);
    const { output, rejects, deadLetters } = lake;
    const destination = {
      block: () => "output" as const,
      split: destinationOf,
      // Rejects hold copies as well, and are left out of the comparison.
      allow: (index: number) => (stays(index) === "rejects" ? null : stays(index)),
      flag: stays,
    }[onViolation];
    const tables =
      onViolation === "allow" ? { output, deadLetters } : { output, rejects, deadLetters };
    expect(await differences(tables, produced, destination)).toEqual([]);
  },
);
