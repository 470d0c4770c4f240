import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { headgate } from "../../support/cli.ts";
import { destinationOf } from "../../support/events.ts";
import { createTopic } from "../../support/kafka/topics.ts";
import { account } from "../account.ts";
import type { Chaos, Scenario } from "../scenario.ts";
import { Crew } from "./crew.ts";
import { Flow } from "./flow.ts";
import { indexOf, PARTITIONS } from "./layout.ts";
import { plan } from "./moves.ts";
import { type QueryPlace, queryFile } from "./query-file.ts";
import { firstBuild, secondBuild } from "./second-build.ts";
import { SESSION_TIMEOUT_MS, Siege } from "./siege.ts";
import { Watch } from "./watch.ts";
import { TRIGGER_MS } from "./worker.ts";

/** What a move takes, roughly: records flow as long as there are moves. */
const SECONDS_A_MOVE = 8;
const TRIGGER = { type: "processing_time", interval: `${TRIGGER_MS} milliseconds` };

/** Several processes, one query: they come, die, freeze, wake and are replaced while records flow. */
export function workers(name: string, options: Record<string, string>): Scenario {
  return { name, run: (chaos) => run(chaos, options) };
}

async function run(chaos: Chaos, options: Record<string, string>): Promise<Record<string, number>> {
  const { bootstrapServers } = await chaos.kafka();
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const table = (name: string) => join(chaos.folder, "lake", name);
  const tables = {
    output: table("events"),
    rejects: table("events_rejects"),
    deadLetters: table("events_dead_letters"),
  };
  const place = { folder: chaos.folder, tables, bootstrapServers, topic, options };
  let figures: Record<string, number> = {};
  const wrong: string[] = [];
  try {
    figures = await besiege(chaos, place);
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
    // Workers were killed then, and the last run gets their partitions when they are out.
    await sleep(2 * SESSION_TIMEOUT_MS);
  }
  // Whatever went wrong so far: what is in the tables counts.
  wrong.push(...(await reckon(chaos, place)));
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return figures;
}

/** Takes in what is left, compares the tables with what was produced, and has them verified. */
async function reckon({ counts }: Chaos, place: QueryPlace): Promise<string[]> {
  const { tables } = place;
  const last = await headgate("run", await queryFile(place, "last", { type: "available_now" }));
  if (last.status !== 0) return [`the last run ended with ${last.status}: ${last.stderr}`];
  const found = await account(tables, counts.records, indexOf, destinationOf);
  counts.lost = found.lost;
  counts.doubled = found.doubled;
  const { status, stdout, stderr } = await headgate("verify", "--json", tables.output);
  if (status !== 0) return [...found.wrong, `verify: ${stdout}${stderr}`];
  const { openDebts } = JSON.parse(stdout);
  return openDebts === 0 ? found.wrong : [...found.wrong, `${openDebts} debts are open`];
}

async function besiege(chaos: Chaos, place: QueryPlace): Promise<Record<string, number>> {
  const { records, moves } = plan(chaos.isShort, chaos.random);
  const logs = join(chaos.folder, "logs");
  const copy = join(chaos.folder, "build");
  await mkdir(logs);
  const builds: [string, string] = [firstBuild, await secondBuild(copy)];
  const crew = new Crew(logs, await queryFile(place, "query", TRIGGER));
  const perSecond = Math.ceil(records / (moves.length * SECONDS_A_MOVE));
  const flow = new Flow(place, { least: records, perSecond });
  const watch = new Watch(place.tables.output, flow, crew);
  const siege = new Siege(chaos, crew, watch, builds);
  try {
    siege.add();
    siege.add();
    await watch.moved();
    siege.add();
    await watch.moved();
    for (const move of moves) await siege.carryOut(move);
    chaos.say(`${flow.count} records so far; the rest of them follows`);
    await flow.enough();
    await watch.caughtUp();
    for (const worker of [...crew.alive]) await crew.stop(worker);
    crew.check();
  } finally {
    watch.stop();
    await flow.halt();
    await crew.end();
    const { kills, freezes } = crew;
    Object.assign(chaos.counts, { records: flow.count, kills, freezes });
    await rm(copy, { recursive: true });
  }
  const seconds = (ms: number) => Math.round(ms / 100) / 10;
  return {
    fences: crew.fences,
    longestStallSeconds: seconds(watch.longestStallMs),
    longestWaitSeconds: seconds(watch.longestWaitMs),
  };
}
