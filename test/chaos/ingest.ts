import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamingNodeConfig } from "headgate";
import { command, node } from "../support/cli.ts";
import { writeConfig } from "../support/config-file.ts";
import { destinationOf } from "../support/events.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { account } from "./account.ts";
import { Crew } from "./crew.ts";
import { Flow } from "./flow.ts";
import type { Lake } from "./lake.ts";
import type { Chaos } from "./scenario.ts";
import { Watch } from "./watch.ts";
import { type LogLine, TRIGGER_MS } from "./worker.ts";

/** What the brokers wait for a silent member: here and in the brokers' properties. */
export const SESSION_TIMEOUT_MS = 6_000;

/** What is taken in, from where, by whom, to where. */
export interface Setting {
  bootstrapServers: string;
  partitions: number;
  lake: Lake;
  kafkaOptions?: Record<string, string>;
  flow: { least: number; perSecond: number };
  triggerMs?: number;
  /** Errors that a healthy worker may log. */
  isExcused?: (told: LogLine) => boolean;
  /** What somebody else deleted from the output, by partition and offset. */
  deleted?: readonly [partition: number, offset: number][];
}

/** What happens while records flow meets these. */
export interface Ingestion {
  topic: string;
  crew: Crew;
  flow: Flow;
  watch: Watch;
}

/**
 * Records flow, workers take them in, and `happens` does what it does to them. Then everything is
 * counted, whatever went wrong. Throws when anything did; answers figures.
 */
export async function ingest(
  chaos: Chaos,
  setting: Setting,
  happens: (ingestion: Ingestion) => Promise<void>,
): Promise<Record<string, number>> {
  const { bootstrapServers, partitions, lake } = setting;
  const topic = await createTopic(bootstrapServers, partitions);
  const logs = join(chaos.folder, "logs");
  await mkdir(logs);
  const query = queryOf(setting, topic);
  const interval = `${setting.triggerMs ?? TRIGGER_MS} milliseconds`;
  const trigger = { type: "processing_time", interval } as const;
  const config = { ...query, streaming: { trigger } };
  const file = await writeConfig(join(chaos.folder, "query.yaml"), config);
  const crew = new Crew(logs, file, setting.isExcused ?? (() => false));
  const flow = new Flow({ bootstrapServers, topic, partitions }, setting.flow);
  const watch = new Watch(lake, flow, crew);
  const wrong: string[] = [];
  try {
    await happens({ topic, crew, flow, watch });
    chaos.say(`${flow.count} records so far; the rest of them follows`);
    await flow.enough();
    await watch.caughtUp();
    for (const worker of [...crew.alive]) await crew.stop(worker);
    crew.check();
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  }
  watch.stop();
  await flow.halt();
  await crew.end();
  chaos.counts.records = flow.count;
  chaos.counts.kills += crew.kills;
  chaos.counts.freezes += crew.freezes;
  // Workers were killed then, and the last run gets their partitions when they are out.
  if (wrong.length > 0) await sleep(2 * SESSION_TIMEOUT_MS);
  wrong.push(...(await reckon(chaos, setting, query, flow)));
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return figuresOf(crew, watch);
}

/** To the end of the topic; workers run it with a trigger of their own. */
function queryOf(
  { lake, bootstrapServers, kafkaOptions }: Setting,
  topic: string,
): StreamingNodeConfig {
  const { input, ...rest } = lake.query(bootstrapServers, topic);
  return { ...rest, input: { ...input, options: { ...input.options, ...kafkaOptions } } };
}

/** Takes in what is left, compares the tables with what was produced, and has them verified. */
async function reckon(
  { counts, folder }: Chaos,
  { lake, deleted = [] }: Setting,
  query: StreamingNodeConfig,
  flow: Flow,
): Promise<string[]> {
  const file = await writeConfig(join(folder, "last.yaml"), query);
  const last = await node([command(), "run", file]).ended;
  if (last.status !== 0) return [`the last run ended with ${last.status}: ${last.stderr}`];
  const gone = new Set(deleted.map(([partition, offset]) => flow.indexOf(partition, offset)));
  const found = await account(lake, {
    count: flow.count,
    indexOf: (partition, offset) => flow.indexOf(partition, offset),
    destinationOf: (index) => (gone.has(index) ? null : destinationOf(index)),
  });
  counts.lost = found.lost;
  counts.doubled = found.doubled;
  const verify = [command(), "verify", "--deep", "--json", lake.tables.output];
  const { status, stdout, stderr } = await node(verify, lake.environment).ended;
  if (status !== 0) return [...found.wrong, `verify: ${stdout}${stderr}`];
  const { openDebts } = JSON.parse(stdout);
  return openDebts === 0 ? found.wrong : [...found.wrong, `${openDebts} debts are open`];
}

function figuresOf(crew: Crew, watch: Watch): Record<string, number> {
  const seconds = (ms: number) => Math.round(ms / 100) / 10;
  return {
    fences: crew.fences,
    longestStallSeconds: seconds(watch.longestStallMs),
    longestWaitSeconds: seconds(watch.longestWaitMs),
  };
}
