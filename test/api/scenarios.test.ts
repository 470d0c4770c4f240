import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { toBatch } from "../../ts/batch.ts";
import { lineOf, region } from "../../ts/cli/scenario-story.ts";
import { NO_COUNTS } from "../../ts/counts.ts";
import { runStreamingScenario } from "../../ts/scenarios/index.ts";
import type { ScenarioEvent } from "../../ts/scenarios/scenario-event.ts";
import { ScenarioTally } from "../../ts/scenarios/scenario-tally.ts";
import { batch } from "./support/samples.ts";

const table = { datasetId: "demo.streaming.events_rejects", path: "lake/rejects" };
const rule = {
  rule: "minimum_value",
  severity: "block",
  scope: "batch",
  estimated: false,
  violations: 2,
} as const;
const bad = (id: number, rowCount: number) =>
  toBatch(
    batch(id, {
      ...{ status: "warn", violations: 2, errors: [`minimum_value: batch ${id}`], rules: [rule] },
      metrics: { "violations.minimum_value": 2 },
      counts: { ...batch(id).counts, accepted: 8, rejected: 2 },
      rejects: { name: "rejects", datasetId: table.datasetId, rowCount },
    }),
  );

function told(...batches: ReturnType<typeof toBatch>[]) {
  const events: ScenarioEvent[] = [];
  const tally = new ScenarioTally((event) => events.push(event), table);
  for (const each of batches) tally.add(each);
  return { events, tally };
}

test("the rejects become active once, with the first rows, and rows add up", () => {
  const batches = [
    toBatch(batch(2)),
    bad(3, 2),
    bad(4, 3),
    toBatch(batch(5, { counts: { ...NO_COUNTS } })),
  ];
  const { events, tally } = told(...batches);
  expect(events.map(({ type }) => type)).toEqual([
    ...["batch", "batch", "rejects-activated", "rejects", "batch", "rejects"],
  ]);
  expect(events.filter(({ type }) => type.startsWith("rejects"))).toEqual([
    { type: "rejects-activated", batchId: 3, table, rules: ["minimum_value"] },
    { type: "rejects", batchId: 3, rowCount: 2, totalRows: 2 },
    { type: "rejects", batchId: 4, rowCount: 3, totalRows: 5 },
  ]);
  expect(tally).toMatchObject({ batches: 3, numRejected: 5, rejectsVersion: "4" });
  expect(tally.status).toBe("warning");
  expect(tally.counts).toMatchObject({ records: 30, accepted: 26, rejected: 4 });
  expect(tally.reason).toBe("minimum_value: batch 4");
  expect(told().tally).toMatchObject({ status: "unknown", reason: undefined });
  expect(told(toBatch(batch(1))).tally).toMatchObject({ status: "ok", reason: undefined });
});

test("a line has the counts and the badge of its batch", () => {
  const [, , first] = told(bad(3, 2)).events;
  const text = (event: ScenarioEvent) => stripVTControlCharacters(lineOf(event));
  expect(text({ type: "batch", batch: bad(3, 2) })).toBe(
    "  Streaming   batch 3  [warning]  10 records  8 accepted  2 rejected  minimum_value 2",
  );
  expect(text(first as ScenarioEvent)).toBe("  Rejects     batch 3 put 2 rows there, 2 in all");
  expect(text({ type: "heartbeat", batches: 1, records: 6 })).toMatch(/1 batch, 6 records$/);
});

test("on a terminal the newest batches are shown, and one heartbeat", () => {
  const stage = { type: "stage", phase: "Read", status: "success", title: "read" } as const;
  const story: ScenarioEvent[] = [stage];
  for (let id = 1; id <= 7; id += 1) {
    story.push(...told(bad(id, 2)).events.filter(({ type }) => type !== "rejects-activated"));
    story.push({ type: "heartbeat", batches: id, records: 10 * id });
  }
  const shown = region(story);
  expect(shown[0]).toBe(stage);
  expect(shown.at(-1)).toMatchObject({ type: "heartbeat", batches: 7 });
  const ids = shown.flatMap((event) => (event.type === "rejects" ? event.batchId : []));
  expect(ids).toEqual([3, 4, 5, 6, 7]);
  expect(shown.filter(({ type }) => type === "batch")).toHaveLength(5);
  expect(shown).toHaveLength(12);
});

test.each([
  ["name", ["nonsense", {}]],
  ["seconds", ["valid", { seconds: 0 }]],
  ["runType", ["valid", { runType: "block" }]],
] as const)("a wrong %s is refused before anything is touched", async (field, args) => {
  const [name, options] = args as unknown as Parameters<typeof runStreamingScenario>;
  const refused = runStreamingScenario(name, { ...options, dir: "/nowhere" });
  await expect(refused).rejects.toMatchObject({ code: "CONFIG_VALUE", context: { field } });
});

test("a folder that no scenario made is left as it is", async () => {
  const dir = await mkdtemp(join(tmpdir(), "headgate-scenarios-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "valid"));
  await writeFile(join(dir, "valid", "notes.txt"), "mine");
  const refused = runStreamingScenario("valid", { dir });
  await expect(refused).rejects.toMatchObject({ code: "DEMO_FOLDER_TAKEN" });
  expect(await readdir(join(dir, "valid"))).toEqual(["notes.txt"]);
});
