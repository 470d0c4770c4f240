import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KafkaBroker, startKafka } from "../support/kafka/broker.ts";
import { randomFrom } from "../support/random.ts";
import { readers } from "../support/readers/environment.ts";
import { localLake, type SoakLake, storeLake } from "./lake.ts";
import { soakOptions } from "./options.ts";
import { Soak } from "./soak.ts";

/** Actors whose choices must not depend on who came first. */
const ACTORS = 4;

/** Random load and random faults for so many minutes: a JSON line each, and a verdict. */
export async function main(): Promise<void> {
  // The handlers of `exit` end the processes that were started.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const { minutes, seed } = soakOptions(process.argv.slice(2));
  process.stderr.write(`--seed ${seed} makes the same choices again\n`);
  await readers();
  const folder = await mkdtemp(join(tmpdir(), "headgate-soak-"));
  const random = (actor: number) => randomFrom(seed * ACTORS + actor);
  const choices = { setUp: random(0), load: random(1), faults: random(2) };
  const isOnStore = choices.setUp() < 0.5;
  let broker: KafkaBroker | undefined;
  let lake: SoakLake | undefined;
  try {
    await mkdir(join(folder, "logs"));
    broker = await startKafka({
      settings: {
        // One that was killed may only come back once its session has ended.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
      },
    });
    lake = isOnStore ? await storeLake() : localLake(folder);
    const soak = await Soak.start({ folder, broker, lake, choices });
    const verdict = await soak.run(minutes);
    const isBad = verdict.failed.length > 0;
    const rest = { seed, lake: isOnStore ? "s3" : "local", ...(isBad && { evidence: folder }) };
    console.log(JSON.stringify({ event: "verdict", minutes, ...verdict, ...rest }));
    if (isBad) process.exitCode = 1;
    else await rm(folder, { recursive: true, force: true });
  } finally {
    await lake?.stop();
    await broker?.stop();
  }
}
