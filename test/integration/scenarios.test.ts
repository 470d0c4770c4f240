import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  runStreamingScenario,
  type ScenarioEvent,
  type ScenarioName,
  type ScenarioOutcome,
  type ScenarioRunType,
  type StreamingBatch,
} from "headgate";
import { fileSystemGovernance } from "headgate/governance";
import { expect, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { accountsOf } from "../support/ledger.ts";
import { temporaryFolder } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const SECONDS = 2;

interface Row {
  offset: number;
  value: number;
  batch?: string;
}

async function play(scenario: ScenarioName, runType: ScenarioRunType) {
  const dir = await temporaryFolder();
  const events: ScenarioEvent[] = [];
  const onEvent = (event: ScenarioEvent) => {
    events.push(event);
  };
  const outcome = await runStreamingScenario(scenario, { seconds: SECONDS, runType, dir, onEvent });
  expect(outcome).toMatchObject({ scenario, runType });
  expect(events[0]).toMatchObject({ type: "started", scenario, runType, seconds: SECONDS });
  expect(events.at(-1)).toEqual({ type: "complete", ...outcome });
  return { dir, events, outcome };
}

function of<T extends ScenarioEvent["type"]>(events: readonly ScenarioEvent[], type: T) {
  return events.filter(
    (event): event is Extract<ScenarioEvent, { type: T }> => event.type === type,
  );
}

/** Rows of a table in the order of their offsets. */
function rowsOf(path: string, more = ""): Promise<Row[]> {
  const columns = `_kafka_offset::INT AS "offset", value::INT AS value${more}`;
  return queryTable<Row>(path, `SELECT ${columns} FROM t ORDER BY _kafka_offset`);
}

/** Every batch that was told is in the log and in the tables as it was told, and no other is there. */
async function expectTrue(batches: readonly StreamingBatch[], outcome: ScenarioOutcome) {
  const output = await rowsOf(outcome.output.path);
  const rejected = outcome.rejects
    ? await rowsOf(outcome.rejects.path, ", _batch_uuid AS batch")
    : [];
  const found = batches.map(({ batchUuid, positions: [range] }) => {
    const isIn = ({ offset }: Row) => offset >= Number(range?.start) && offset < Number(range?.end);
    const accepted = output.filter(isIn);
    const moved = rejected.filter(({ batch }) => batch === batchUuid);
    expect(moved.every(isIn)).toBe(true);
    return {
      accepted: accepted.length,
      moved: moved.length,
      records: Number(range?.end) - Number(range?.start),
    };
  });
  const isCopy = outcome.runType === "observe";
  expect(batches.map(({ counts }) => counts)).toEqual(
    found.map(({ accepted, moved, records }) => ({
      ...{ records, accepted, deadLetters: 0, skipped: 0, rerouted: 0 },
      ...(isCopy ? { rejected: 0, copied: moved } : { rejected: moved, copied: 0 }),
    })),
  );
  const log = await accountsOf(outcome.output.path, "batch");
  expect(
    batches.map(({ batchId, batchUuid, status, violations, rowCount }) => ({
      ...{ version: batchId, batch: batchUuid, status, violations, rowCount },
    })),
  ).toEqual(
    log.map(({ version, account: { batch, verdict } }) => ({
      ...{ version, batch, status: verdict?.status },
      ...{ violations: verdict?.violations, rowCount: verdict?.rowCount },
    })),
  );
  expect(outcome.counts.records).toBe(found.reduce((sum, { records }) => sum + records, 0));
  expect(outcome.counts.accepted).toBe(output.length);
  expect(outcome.batches).toBe(log.length);
  expect(outcome.output.datasetVersion).toBe(`${log.at(-1)?.version}`);
  const { governance } = fileSystemGovernance(outcome.governance.path);
  const records = await governance.datasetRecords({ datasetId: outcome.output.datasetId });
  expect(records.map(({ datasetVersion, status }) => [datasetVersion, status])).toEqual(
    batches.map(({ batchId, status }) => [`${batchId}`, status]),
  );
  expect(outcome.governance.records).toBe(log.length);
  expect(await headgate("verify", "--deep", outcome.output.path)).toMatchObject({ status: 0 });
  return { output, rejected };
}

test("valid: each row is in the output, and nothing is made up", async () => {
  const { events, outcome } = await play("valid", "enforce");
  const batches = of(events, "batch").map(({ batch }) => batch);
  expect(outcome.status).toBe("ok");
  expect(outcome.rejects).toBeUndefined();
  expect(of(events, "rejects-activated")).toEqual([]);
  const { output } = await expectTrue(batches, outcome);
  expect(output.map(({ value }) => value)).toEqual(output.map((_, at) => at));
  expect(output.length).toBeGreaterThan(0);
  const beats = of(events, "heartbeat");
  expect(beats.length).toBeGreaterThan(0);
  const sums = batches.map((_, at) =>
    batches.slice(0, at + 1).reduce((sum, { counts }) => sum + counts.records, 0),
  );
  for (const { batches: told, records } of beats) expect([0, ...sums][told]).toBe(records);
}, 60_000);

test.each(["enforce", "observe"] as const)(
  "dq-rejects, %s: bad rows are in the rejects",
  async (runType) => {
    const { events, outcome } = await play("dq-rejects", runType);
    const batches = of(events, "batch").map(({ batch }) => batch);
    expect(outcome.status).toBe("warning");
    const { output, rejected } = await expectTrue(batches, outcome);
    const values = Array.from({ length: outcome.counts.records }, (_, at) =>
      at % 4 === 3 ? -at : at,
    );
    const isBad = (value: number) => value < 0;
    expect(rejected.map(({ value }) => value)).toEqual(values.filter(isBad));
    expect(output.map(({ value }) => value)).toEqual(
      runType === "observe" ? values : values.filter((value) => !isBad(value)),
    );
    expect(rejected.length).toBeGreaterThan(0);

    const quarantined = batches.filter(({ violations }) => violations > 0);
    const [activated, ...others] = of(events, "rejects-activated");
    expect(others).toEqual([]);
    expect(activated).toMatchObject({
      batchId: quarantined[0]?.batchId,
      table: { datasetId: "demo.streaming.events_rejects", path: outcome.rejects?.path },
      rules: ["minimum_value"],
    });
    const said = of(events, "rejects");
    expect(said.map(({ batchId, rowCount }) => [batchId, rowCount])).toEqual(
      quarantined.map(({ batchId, batchUuid }) => [
        batchId,
        rejected.filter(({ batch }) => batch === batchUuid).length,
      ]),
    );
    expect(said.at(-1)?.totalRows).toBe(rejected.length);
    const { rejects } = outcome;
    expect(rejects).toMatchObject({ rowCount: rejected.length, status: "ok" });
    const { governance } = fileSystemGovernance(outcome.governance.path);
    const records = await governance.datasetRecords({ datasetId: "demo.streaming.events_rejects" });
    expect(
      records.map(({ contractId, datasetVersion, status, dqDetails }) => [
        ...[contractId, datasetVersion, status],
        dqDetails.streaming_metrics,
      ]),
    ).toEqual(
      said.map(({ batchId, rowCount }) => [
        ...["demo.streaming.events_rejects", `${batchId}`, "ok"],
        { row_count: rowCount },
      ]),
    );
    expect(records.at(-1)?.datasetVersion).toBe(rejects?.datasetVersion);
    for (const { metrics } of quarantined) {
      expect(metrics).toMatchObject({
        "violations.rejects.required_value": 0,
        "violations.rejects.contract_of_processed": 0,
      });
    }
  },
  60_000,
);

test.each(["enforce", "observe"] as const)(
  "schema-break, %s: no query is started, and the reason is kept",
  async (runType) => {
    const { dir, events, outcome } = await play("schema-break", runType);
    const reason = "missing required column: value";
    expect(outcome).toMatchObject({ status: "error", reason, batches: 0, counts: { records: 0 } });
    expect(outcome.output.datasetVersion).toBeUndefined();
    for (const type of ["batch", "heartbeat", "rejects"] as const)
      expect(of(events, type)).toEqual([]);
    expect(existsSync(join(dir, "schema-break", "events_processed"))).toBe(false);
    const { governance } = fileSystemGovernance(outcome.governance.path);
    const records = await governance.datasetRecords({ datasetId: outcome.output.datasetId });
    expect(records).toMatchObject([{ datasetVersion: "", status: "block", reason }]);
  },
);

test("the command tells all three, line by line or as JSON", async () => {
  const dir = await temporaryFolder();
  const args = ["scenario", "all", "--seconds", `${SECONDS}`, "--dir", dir];
  const told = await headgate(...args, "--json");
  expect(told).toMatchObject({ status: 0, stderr: "" });
  const lines = told.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const complete = lines.filter(({ event }) => event === "complete");
  expect(complete.map(({ scenario, status }) => [scenario, status])).toEqual([
    ["valid", "ok"],
    ["dq-rejects", "warning"],
    ["schema-break", "error"],
  ]);
  for (const { output, counts } of complete.slice(0, 2)) {
    expect(await countRows(output.path)).toBe(counts.accepted);
  }

  const plain = await headgate("scenario", "dq-rejects", "--seconds", `${SECONDS}`, "--dir", dir);
  expect(plain).toMatchObject({ status: 0, stderr: "" });
  const rejected = await countRows(join(dir, "dq-rejects", "events_rejects"));
  expect(plain.stdout).toMatch(
    /Rejects +active: demo\.streaming\.events_rejects in .*minimum_value/,
  );
  expect(plain.stdout).toMatch(new RegExp(`put \\d+ rows? there, ${rejected} in all`));
  expect(plain.stdout).toContain("[warning]");
}, 60_000);
