import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { node } from "../../test/support/cli.ts";
import { run } from "../../test/support/command.ts";
import { startKafka } from "../../test/support/kafka/broker.ts";
import { createTopic } from "../../test/support/kafka/topics.ts";
import { root } from "../../test/support/root.ts";
import { httpGovernance } from "../../ts/governance.ts";
import { eventsQuery } from "../events-query.ts";
import { loadEnvironment, produceLoad } from "../load/load.ts";
import { percentile, settleDisks } from "../measured.ts";

const contract = join(root, "test", "support", "contracts", "events.odcs.yaml");
const BROKER_HEAP_MB = 1024;
const PARTITIONS = 4;
const BATCH_ROWS = 100_000;
/** The bar: at least this of the rows a second that a query reaches alone. */
const BAR = 0.97;

const CONTENDERS = ["alone", "told", "hanging"] as const;
type Contender = (typeof CONTENDERS)[number];

interface Reading {
  batches: number;
  records: number;
  /** Batches that `onStreamingBatch` was told. */
  told: number;
  /** Until the last batch was committed. */
  seconds: number;
  /** From then until all was told. */
  lagSeconds: number;
  cpuSeconds: number;
}

/** Rows a second alone, with governance and `onStreamingBatch`, and with a client that hangs, in turns. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "4000000" },
      rounds: { type: "string", default: "5" },
    },
  });
  const [rows, rounds] = [Number(values.rows), Number(values.rounds)];
  await loadEnvironment();
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const broker = await startKafka({ heapMb: BROKER_HEAP_MB });
  const service = node(["benches/observers/service.mjs", contract]);
  try {
    const { bootstrapServers } = broker;
    await service.says("\n");
    say(`producing ${rows.toLocaleString("en")} rows`);
    const topic = await createTopic(bootstrapServers, PARTITIONS);
    await produceLoad({ bootstrapServers, topic, rows, partitions: PARTITIONS });
    const readings: Record<Contender, Reading[]> = { alone: [], told: [], hanging: [] };
    for (let round = 0; round < rounds; round += 1) {
      // Each is first, second and third: nobody has the quiet moments.
      for (const turn of CONTENDERS.keys()) {
        const contender = CONTENDERS[(round + turn) % CONTENDERS.length] ?? "alone";
        const place = { bootstrapServers, topic, folder: join(folder, "lake") };
        const dataset = `${contender}-${round}`;
        const given = { query: queryOf(place), url: service.stdout.trim(), dataset, rows };
        const reading = await read(contender, given);
        say(`${contender}: ${Math.round(rows / reading.seconds).toLocaleString("en")} rows/s`);
        readings[contender].push(reading);
        await rm(place.folder, { recursive: true });
      }
    }
    console.log(JSON.stringify({ ...verdict(readings, rows), rows, rounds }));
  } finally {
    service.signal("SIGKILL");
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function queryOf(place: Parameters<typeof eventsQuery>[0]) {
  return {
    ...eventsQuery(place),
    name: "bench",
    streaming: { trigger: { type: "available_now" } },
    batch: { maxRows: BATCH_ROWS },
    memory: { max: "128MiB" },
    durability: "process",
  };
}

/** One reading of the topic, which has to be whole, and told to whom it was to be told. */
async function read(
  contender: Contender,
  given: { query: object; url: string; dataset: string; rows: number },
): Promise<Reading> {
  await settleDisks();
  const { query, url, dataset, rows } = given;
  const env = {
    CONTENDER: contender,
    QUERY: JSON.stringify(query),
    SERVICE: url,
    DATASET: dataset,
  };
  const script = join(root, "benches", "observers", "reader.cjs");
  const reading: Reading = JSON.parse(await run(process.execPath, [script], { env }));
  const { governance } = httpGovernance({ baseUrl: url });
  const { length: verdicts } = await governance.datasetRecords({ datasetId: dataset });
  const { batches, records, told } = reading;
  const expected = contender === "told" ? batches : 0;
  const heard = contender === "alone" ? 0 : batches;
  if (records !== rows || verdicts !== expected || told !== heard) {
    const said = JSON.stringify({ ...reading, verdicts });
    throw new Error(`${contender} is not what ${rows} rows come to: ${said}`);
  }
  return reading;
}

function verdict(readings: Record<Contender, readonly Reading[]>, rows: number) {
  const median = (contender: Contender, key: "seconds" | "lagSeconds" | "cpuSeconds") =>
    percentile(
      readings[contender].map((reading) => reading[key]),
      0.5,
    );
  const rate = (contender: Contender) => Math.round(rows / median(contender, "seconds"));
  const ratio = (contender: Contender) =>
    Number((median("alone", "seconds") / median(contender, "seconds")).toFixed(3));
  const ratios = { told: ratio("told"), hanging: ratio("hanging") };
  if (!(Math.min(ratios.told, ratios.hanging) >= BAR)) process.exitCode = 1;
  return {
    ...{ event: "bench", bench: "observers", bar: BAR, ratios },
    rowsPerSecond: { alone: rate("alone"), told: rate("told"), hanging: rate("hanging") },
    cpuSeconds: { alone: median("alone", "cpuSeconds"), told: median("told", "cpuSeconds") },
    batches: readings.told[0]?.batches,
    lagSecondsOfGovernance: median("told", "lagSeconds"),
  };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
