import { join } from "node:path";
import { Crew } from "../chaos/crew.ts";
import type { LogLine } from "../chaos/worker.ts";
import { firstBuild } from "../chaos/workers/second-build.ts";
import { command, node } from "../support/cli.ts";
import { writeConfig } from "../support/config-file.ts";
import type { Destination } from "../support/coordinates.ts";
import type { KafkaBroker } from "../support/kafka/broker.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { splitEvents } from "../support/query.ts";
import { Checker } from "./checker.ts";
import { Faults } from "./faults.ts";
import { Foreign } from "./foreign.ts";
import type { SoakLake } from "./lake.ts";
import { Load, PARTITIONS } from "./load.ts";
import { WorkerMemory } from "./memory.ts";
import { Patrol } from "./patrol.ts";
import type { Random } from "./random-choice.ts";
import { TopicReader } from "./topic-reader.ts";
import { Window } from "./window.ts";

const WORKERS = 3;
const TRIGGER = { type: "processing_time", interval: "500 milliseconds" } as const;
/** Hours of records need not be kept; nobody is ever so far behind. */
const RETENTION = { "retention.ms": "1800000", "segment.bytes": String(16 << 20) };
const GROUPS: readonly Record<string, string>[] = [
  { "kafka.session.timeout.ms": "6000" },
  { "kafka.group.protocol": "consumer" },
];
/** Less would measure the warm-up. */
const GROWTH_COUNTS_FROM_MINUTES = 30;
const GROWTH_LIMIT = 0.2;

/** What librdkafka says of a broker that is away; if it gives up, the worker ends. */
const isOfClient = ({ facility }: LogLine) => facility !== undefined;

interface Given {
  folder: string;
  broker: KafkaBroker;
  lake: SoakLake;
  choices: Record<"setUp" | "load" | "faults", Random>;
}

export interface Verdict {
  records: number;
  kills: number;
  freezes: number;
  fences: number;
  faults: Record<string, number>;
  lost: number;
  doubled: number;
  /** Of the worker that lives through all: the last third of its samples against the second. */
  rssGrowth: number;
  failed: string[];
}

type Parts = Pick<Soak, "crew" | "load" | "reader" | "window" | "checker" | "faults" | "memory">;

/** Workers of one query, what they read, what strikes them and what looks at their tables. */
export class Soak {
  readonly crew: Crew;
  readonly load: Load;
  readonly reader: TopicReader;
  readonly window: Window;
  readonly checker: Checker;
  readonly faults: Faults;
  readonly memory: WorkerMemory;
  readonly #lake: SoakLake;
  readonly #foreign: Foreign;
  readonly #patrol: Patrol;

  private constructor(lake: SoakLake, foreign: Foreign, parts: Parts) {
    this.#lake = lake;
    this.#foreign = foreign;
    this.crew = parts.crew;
    this.load = parts.load;
    this.reader = parts.reader;
    this.window = parts.window;
    this.checker = parts.checker;
    this.faults = parts.faults;
    this.memory = parts.memory;
    this.#patrol = new Patrol(parts);
  }

  static async start({ folder, broker, lake, choices }: Given): Promise<Soak> {
    const { bootstrapServers } = broker;
    const topic = await createTopic(bootstrapServers, PARTITIONS, RETENTION);
    const options = GROUPS[Math.floor(choices.setUp() * GROUPS.length)] ?? {};
    const query = splitEvents(bootstrapServers, topic, lake.tables, options);
    const streaming = { trigger: TRIGGER };
    const config = await writeConfig(join(folder, "query.yaml"), { ...query, streaming });
    const foreign = new Foreign(lake);
    const window = new Window();
    const reader = await TopicReader.start(bootstrapServers, topic, window);
    const checker = new Checker(lake, foreign, window);
    const crew = new Crew(join(folder, "logs"), config, isOfClient);
    const load = new Load(bootstrapServers, topic, choices.load);
    const began = performance.now();
    const say = (text: string) => {
      const seconds = (performance.now() - began) / 1_000;
      process.stderr.write(`${seconds.toFixed(1).padStart(8)}  ${text}\n`);
    };
    const random = choices.faults;
    const build = firstBuild;
    const scene = { random, lake, foreign, broker, topic, load, checker, crew, build, say };
    const faults = new Faults(scene);
    const memory = new WorkerMemory(crew, config);
    say(`${JSON.stringify(options)} on ${lake.tables.output}`);
    return new Soak(lake, foreign, { crew, load, reader, window, checker, faults, memory });
  }

  async run(minutes: number): Promise<Verdict> {
    const failed: string[] = [];
    try {
      await this.#withstand(minutes);
      failed.push(...(await this.#reckon()));
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
      failed.push(error instanceof Error ? error.message : String(error));
    } finally {
      this.faults.stop();
      this.memory.stop();
      await this.load.halt();
      await this.crew.end();
      await this.reader.stop();
    }
    const { crew, window, faults, memory } = this;
    const isGrown = minutes >= GROWTH_COUNTS_FROM_MINUTES && !(memory.growth <= GROWTH_LIMIT);
    if (isGrown) failed.push(`the first worker's memory grew by ${memory.growth}`);
    return {
      records: window.produced,
      kills: crew.kills,
      freezes: crew.freezes,
      fences: crew.fences,
      faults: faults.counts,
      lost: window.lost,
      doubled: window.doubled,
      rssGrowth: memory.growth,
      failed,
    };
  }

  async #withstand(minutes: number): Promise<void> {
    const { crew, load, faults } = this;
    for (let worker = 0; worker < WORKERS; worker += 1) crew.add(firstBuild);
    await this.#patrol.settledSome();
    const faulty = faults.run().catch((error) => {
      this.#patrol.failure = error;
    });
    await this.#patrol.last(minutes);
    faults.stop();
    await faulty;
    await this.#patrol.settled(await load.stop());
    for (const worker of [...crew.alive]) await crew.stop(worker);
    crew.check();
  }

  /** What is wrong with the tables now that nobody writes. */
  async #reckon(): Promise<string[]> {
    const { checker, window } = this;
    await checker.check();
    window.close();
    const wrong = [...window.wrong];
    for (const [table, path] of Object.entries(this.#lake.tables)) {
      const rows = await this.#foreign.rows(path);
      const found = window.rows[table as Destination];
      if (rows !== found) wrong.push(`${table}: ${rows} rows are read, ${found} were added`);
    }
    const { output } = this.#lake.tables;
    const verify = node([command(), "verify", "--json", output], this.#lake.environment);
    const { status, stdout, stderr } = await verify.ended;
    if (status !== 0) return [...wrong, `verify: ${stdout}${stderr}`];
    const { openDebts } = JSON.parse(stdout);
    return openDebts === 0 ? wrong : [...wrong, `${openDebts} debts are open`];
  }
}
