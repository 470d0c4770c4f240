import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startKafka } from "../../test/support/kafka/broker.ts";
import { detect } from "../../test/support/rides/detection.ts";
import { produceRides, rideQuery } from "../../test/support/rides/rides.ts";
import { MeasuredQueries } from "../measured.ts";

const BROKER_HEAP_MB = 1024;

/** A million of the demo's events, a tenth of them damaged: each is found, and called by its name. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "1000000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const [count, seed] = [Number(values.rows), Number(values.seed)];
  const folder = await mkdtemp(join(tmpdir(), "headgate-bench-"));
  const broker = await startKafka({ heapMb: BROKER_HEAP_MB });
  try {
    const { bootstrapServers } = broker;
    say(`producing ${count.toLocaleString("en")} events`);
    const rides = await produceRides({ bootstrapServers, folder, count, seed });
    say("gating them");
    const queries = rides.map((ride) => rideQuery(ride, bootstrapServers));
    const { counts, seconds } = await new MeasuredQueries(queries).result();
    say("holding the tables against what was done to each event");
    const detection = await detect(rides);
    const said = { event: "bench", bench: "detection", rows: count, seed };
    console.log(JSON.stringify({ ...said, seconds, counts, ...detection }));
    if (detection.wrong.length > 0) process.exitCode = 1;
  } finally {
    await broker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
