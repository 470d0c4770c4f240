import { rerouted, startQuery, violationRatio } from "headgate";
import { expect, inject, test } from "vitest";
import { headgate, node } from "../support/cli.ts";
import { contractDocument } from "../support/contract-document.ts";
import { goodRecords, records, tally } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { continuous, runToEnd, splitEvents, temporaryLake, until } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");

test("a batch that is rerouted to a sink is there, whole, and nowhere else", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, records(400));
  const lake = await temporaryLake();
  const quarantine = `${lake.output}_quarantine`;
  const config = {
    ...splitEvents(bootstrapServers, topic, lake),
    sinks: { bad_batches: { format: "delta", path: quarantine } },
  };
  const intervention = rerouted(violationRatio({ max: 0 }), { to: "bad_batches" });
  const batches = await runToEnd(config, { intervention });

  const accepted = tally(400).output;
  const [batch] = batches.filter(({ rerouted }) => rerouted !== undefined);
  expect(batch).toMatchObject({
    status: "warn",
    intervention: expect.stringContaining("violations"),
    counts: { accepted: 0, rerouted: accepted },
    rerouted: {
      ...{ name: "bad_batches", datasetId: quarantine },
      ...{ rowCount: accepted, datasetVersion: expect.any(String) },
    },
  });
  expect(await countRows(lake.output)).toBe(0);
  expect(await countRows(quarantine)).toBe(accepted);
  const distinct = "SELECT count(DISTINCT _kafka_partition || '/' || _kafka_offset) AS n FROM t";
  expect(await queryTable(quarantine, distinct)).toEqual([{ n: accepted }]);

  // Without the strategy, what follows goes where it belongs.
  await produce(bootstrapServers, topic, goodRecords(100));
  await runToEnd(config);
  expect(await countRows(lake.output)).toBe(100);
  const verified = await headgate("verify", lake.output, "--deep", "--json");
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, rerouted: String(accepted) });
});

test("a batch that is rerouted to the rejects says why each row is there", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, goodRecords(50));
  const lake = await temporaryLake();
  const intervention = () => ({ action: "reroute" as const, reason: "odd" });
  await runToEnd(splitEvents(bootstrapServers, topic, lake), { intervention });
  const rules = "SELECT DISTINCT _violations[1].rule AS rule, _contract_id AS contract FROM t";
  expect(await countRows(lake.rejects)).toBe(50);
  expect(await queryTable(lake.rejects, rules)).toMatchObject([{ rule: "intervention" }]);
  expect(await headgate("verify", lake.output, "--deep")).toMatchObject({ status: 0 });
});

test("rejects that break their own contract are dead letters, and it is said by which rule", async () => {
  const topic = await createTopic(bootstrapServers);
  await produce(bootstrapServers, topic, records(400));
  const lake = await temporaryLake();
  const names = ["rule", "column"].map((name) => ({ name, logicalType: "string" }));
  const broken = { logicalType: "object", properties: names };
  const rejectsContract = contractDocument("rejects", {
    properties: [
      { name: "event_id", logicalType: "string", required: true },
      {
        ...{ name: "_violations", logicalType: "array", items: broken },
        logicalTypeOptions: { minItems: 1 },
      },
    ],
  });
  const batches = await runToEnd({
    ...splitEvents(bootstrapServers, topic, lake),
    rejectsContract,
  });
  const without =
    "SELECT count(*) AS n FROM t WHERE _error_message = 'rejects.required_event_id (event_id)'";
  const [letters] = await queryTable(lake.deadLetters, without);
  const violations = batches.map(({ metrics }) => metrics["violations.rejects.required_event_id"]);
  const sum = violations.reduce((all = 0, each = 0) => all + each, 0);
  expect(sum).toBeGreaterThan(0);
  expect(letters).toEqual({ n: sum });
  expect(await countRows(lake.rejects)).toBe(tally(400).rejects - Number(sum));
  expect(await headgate("verify", lake.output, "--deep")).toMatchObject({ status: 0 });
});

const WORKER = `
  const { startQuery } = require("headgate");
  const intervention = ({ violations }) => violations > 0 && { action: "block", reason: "bad" } || null;
  startQuery(JSON.parse(process.env.QUERY), { intervention }).then(async (query) => {
    console.log("started");
    await query.awaitTermination();
  }).catch((error) => { console.log(error.code); process.exitCode = 3; });`;

test("a block by one worker stops the other, and every start until it is released", async () => {
  const topic = await createTopic(bootstrapServers, 2);
  const lake = await temporaryLake();
  const config = continuous(splitEvents(bootstrapServers, topic, lake));
  const worker = () => node(["-e", WORKER], { QUERY: JSON.stringify(config) });
  const workers = [worker(), worker()];
  const haveStarted = () => workers.every(({ stdout }) => stdout.includes("started"));
  await until("both workers", haveStarted, 60_000);
  await produce(bootstrapServers, topic, goodRecords(200, { partitions: 2 }));
  await until("rows in the output", async () => (await countRows(lake.output)) === 200, 60_000);
  await produce(bootstrapServers, topic, records(100, { from: 200, partitions: 1 }));

  const ends = await Promise.all(workers.map(({ ended }) => ended));
  expect(ends.map(({ status }) => status)).toEqual([3, 3]);
  const codes = ends.map(({ stdout }) => stdout.trim().split("\n").at(-1)).sort();
  expect(codes).toEqual(["INTERVENTION_BLOCKED", "QUERY_BLOCKED"]);
  await expect(startQuery(config)).rejects.toMatchObject({ code: "QUERY_BLOCKED" });
  expect(await countRows(lake.output)).toBe(200);
});
