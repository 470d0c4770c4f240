import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ingestion, ingest } from "../ingest.ts";
import { localLake } from "../lake.ts";
import type { Chaos, Scenario } from "../scenario.ts";
import { plan } from "./moves.ts";
import { firstBuild, secondBuild } from "./second-build.ts";
import { Siege } from "./siege.ts";

const PARTITIONS = 12;
/** What a move takes, roughly: records flow as long as there are moves. */
const SECONDS_A_MOVE = 8;

/** Several processes, one query: they come, die, freeze, wake and are replaced while records flow. */
export function workers(name: string, kafkaOptions: Record<string, string>): Scenario {
  return { name, run: (chaos) => run(chaos, kafkaOptions) };
}

async function run(chaos: Chaos, kafkaOptions: Record<string, string>) {
  const { bootstrapServers } = await chaos.kafka();
  const { records, moves } = plan(chaos.isShort, chaos.random);
  const copy = join(chaos.folder, "build");
  const builds: [string, string] = [firstBuild, await secondBuild(copy)];
  const besiege = async ({ crew, watch }: Ingestion) => {
    const siege = new Siege(chaos, crew, watch, builds);
    siege.add();
    siege.add();
    await watch.moved();
    siege.add();
    await watch.moved();
    for (const move of moves) await siege.carryOut(move);
  };
  return ingest(
    chaos,
    {
      bootstrapServers,
      partitions: PARTITIONS,
      lake: localLake(join(chaos.folder, "lake")),
      kafkaOptions,
      flow: { least: records, perSecond: Math.ceil(records / (moves.length * SECONDS_A_MOVE)) },
    },
    besiege,
  ).finally(() => rm(copy, { recursive: true }));
}
