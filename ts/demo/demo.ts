import { setTimeout as sleep } from "node:timers/promises";
import pc from "picocolors";
import { EXIT } from "../cli/exit-codes.js";
import { Output, type OutputOptions } from "../cli/output.js";
import { count } from "../cli/text.js";
import { onSignals } from "../signals.js";
import { startQuery } from "../start.js";
import { type DemoBroker, openBroker } from "./broker.js";
import { balances, sampleRejections, summarise, summaryText } from "./ending.js";
import { emptyDemoFolder } from "./folder.js";
import { GATES, gateConfig } from "./gates.js";
import { type Pace, RideProducer } from "./producer.js";
import { seeded } from "./random.js";
import { openScreen, type Screen } from "./screen.js";
import { Tally } from "./tally.js";

export interface DemoOptions extends OutputOptions, Pace {
  kafka?: string;
  dir: string;
}

/** How long the queries may take to commit what is still unread when producing ends. */
const CATCH_UP_MS = 30_000;
const CATCH_UP_POLL_MS = 50;

/** Produces into a broker and gates both topics into the lake, until the time is over or Ctrl-C. */
export async function demo(options: DemoOptions): Promise<number> {
  const output = new Output(options);
  const ending = new AbortController();
  await emptyDemoFolder(options.dir);
  const unlisten = onSignals(["SIGINT", "SIGTERM"], () => ending.abort());
  const broker = await openBroker(options.kafka);
  try {
    return await runDemo(options, output, broker, ending);
  } finally {
    broker.close();
    unlisten();
  }
}

async function runDemo(
  options: DemoOptions,
  output: Output,
  broker: DemoBroker,
  ending: AbortController,
): Promise<number> {
  const producer = new RideProducer(broker.kafka, seeded(Date.now()));
  const tallies = GATES.map((gate) => new Tally(gate, options.dir));
  const started = Date.now();
  const headline = () => {
    const seconds = Math.min(options.seconds, (Date.now() - started) / 1000).toFixed(0);
    const state = ending.signal.aborted ? "stopping" : `${seconds} s of ${options.seconds} s`;
    return `${pc.bold("headgate demo")}  ${state}  ${count(producer.produced)} produced`;
  };
  const screen = await openScreen(output, headline, tallies);
  const failures: unknown[] = [];
  try {
    screen.say(`broker ${broker.bootstrapServers}, tables under ${options.dir}`);
    for (const tally of tallies) await start(tally, options.dir, broker, producer, screen, output);
    const ends = tallies.map((tally) =>
      tally.query?.awaitTermination().catch((error: unknown) => {
        failures.push(error);
        ending.abort();
      }),
    );
    await producer.run(options, ending.signal);
    await caughtUp(producer, failures);
    await Promise.allSettled(tallies.map(({ query }) => query?.stop()));
    await Promise.all(ends);
  } finally {
    await Promise.allSettled(tallies.map(({ query }) => query?.stop()));
    screen.close();
  }
  for (const failure of failures) output.error(failure);
  return failures.length > 0 ? EXIT.failed : conclude(output, producer, tallies);
}

async function start(
  tally: Tally,
  lake: string,
  broker: DemoBroker,
  producer: RideProducer,
  screen: Screen,
  output: Output,
): Promise<void> {
  const startingOffsets = await broker.startingOffsets(tally.gate.topic);
  tally.query = await startQuery(
    gateConfig(tally.gate, lake, broker.bootstrapServers, startingOffsets),
    {
      logger: output.logger(),
      onStreamingBatch: (batch) => {
        tally.add(batch);
        producer.committed(batch);
        if (batch.counts.records > 0) screen.batch(tally, batch);
      },
    },
  );
}

async function caughtUp(producer: RideProducer, failures: readonly unknown[]): Promise<void> {
  const deadline = Date.now() + CATCH_UP_MS;
  while (!producer.isCommitted && failures.length === 0 && Date.now() < deadline) {
    await sleep(CATCH_UP_POLL_MS);
  }
}

async function conclude(
  output: Output,
  producer: RideProducer,
  tallies: readonly Tally[],
): Promise<number> {
  const summary = await summarise(producer.produced, tallies);
  if (output.isJson) {
    output.event("damage", { kinds: producer.damage });
    output.event("summary", summary);
  } else {
    const kinds = Object.entries(producer.damage).map(([kind, n]) => `${kind} ${count(n)}`);
    output.line(`\n${summaryText(summary)}`);
    output.line(`damaged on purpose: ${kinds.join(", ")}`);
    output.line(`\nfive rejections and what they broke:\n${await sampleRejections(tallies)}`);
    output.line(`\nnext: npx headgate verify ${tallies[0]?.tables[0]?.path}`);
  }
  return balances(summary) ? EXIT.ok : EXIT.failed;
}
