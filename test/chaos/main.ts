import { type KafkaBroker, startKafka } from "../support/kafka/broker.ts";
import { readers } from "../support/readers/environment.ts";
import { chaosOptions } from "./options.ts";
import { play, type Result } from "./play.ts";

/** Plays the scenarios one after the other: a JSON line for each, and one that sums them up. */
export async function main(): Promise<void> {
  // The handlers of `exit` end the processes that were started.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const { selected, ...options } = chaosOptions(process.argv.slice(2));
  process.stderr.write(`--seed ${options.seed} makes the same choices again\n`);
  await readers();
  let broker: Promise<KafkaBroker> | undefined;
  const kafka = () => {
    broker ??= startKafka({ heapMb: 512 });
    return broker;
  };
  const results: Result[] = [];
  try {
    for (const scenario of selected) {
      const result = await play(scenario, { ...options, kafka });
      console.log(JSON.stringify({ event: "scenario", ...result }));
      results.push(result);
    }
  } finally {
    // One that did not start failed the scenarios that asked for it.
    await broker?.then(
      (running) => running.stop(),
      () => {},
    );
  }
  console.log(JSON.stringify(summary(results, options.seed)));
  if (results.some(isBad)) process.exitCode = 1;
}

function summary(results: readonly Result[], seed: number) {
  const sum = (key: "kills" | "freezes" | "lost" | "doubled") =>
    results.reduce((total, result) => total + result[key], 0);
  return {
    event: "summary",
    scenarios: results.length,
    kills: sum("kills"),
    freezes: sum("freezes"),
    lost: sum("lost"),
    doubled: sum("doubled"),
    failed: results.filter(isBad).map(({ name }) => name),
    seed,
  };
}

function isBad({ lost, doubled, failed }: Result): boolean {
  return lost > 0 || doubled > 0 || failed !== null;
}
