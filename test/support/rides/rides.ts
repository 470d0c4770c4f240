import { join } from "node:path";
import { City, type RideEvent } from "../../../ts/demo/city.ts";
import { serialised } from "../../../ts/demo/damage.ts";
import { seeded } from "../../../ts/demo/random.ts";
import { type Coordinate, createTopic, type Outgoing, produce } from "../kafka/topics.ts";
import { root } from "../root.ts";
import { type Expectation, expectationOf } from "./expectation.ts";

/** The events of one kind in a topic of their own, and the tables that they are to end in. */
export interface RideTopic {
  name: "gps_pings" | "trips";
  topic: string;
  tables: Record<"output" | "rejects" | "deadLetters", string>;
  /** In the order of production, as are the expectations. */
  coordinates: Coordinate[];
  expectations: Expectation[];
}

export interface RideOptions {
  bootstrapServers: string;
  /** Of the tables. */
  folder: string;
  /** Events of both kinds together. */
  count: number;
  seed: number;
}

const PARTITIONS = 4;
/** Twice the demo's. */
const MALFORMED_RATE = 0.1;
const CHUNK_EVENTS = 50_000;
const NOW = new Date("2026-06-01T12:00:00Z");

/** Produces what the demo would, damage included, by a seed: 85 % pings, 15 % trips. */
export async function produceRides(options: RideOptions): Promise<RideTopic[]> {
  const { bootstrapServers, count } = options;
  const pings = await rideTopic("gps_pings", options);
  const trips = await rideTopic("trips", options);
  const random = seeded(options.seed);
  const city = new City(random, () => NOW);
  for (let made = 0; made < count; made += CHUNK_EVENTS) {
    const outgoing = new Map<RideTopic, Outgoing[]>([
      [pings, []],
      [trips, []],
    ]);
    for (let index = made; index < Math.min(made + CHUNK_EVENTS, count); index += 1) {
      const event = city.next();
      const ride = event.topic === "trips" ? trips : pings;
      outgoing.get(ride)?.push(record(ride, event, random, index % PARTITIONS));
    }
    for (const [{ topic, coordinates }, records] of outgoing) {
      const placed = await produce(bootstrapServers, topic, records);
      for (const coordinate of placed) coordinates.push(coordinate);
    }
  }
  return [pings, trips];
}

async function rideTopic(
  name: RideTopic["name"],
  { bootstrapServers, folder }: RideOptions,
): Promise<RideTopic> {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const table = (suffix: string) => join(folder, `${name}${suffix}`);
  const tables = { output: table(""), rejects: table("_rejects"), deadLetters: table("_dlq") };
  return { name, topic, tables, coordinates: [], expectations: [] };
}

function record(
  { expectations }: RideTopic,
  event: RideEvent,
  random: () => number,
  partition: number,
): Outgoing {
  const produced = serialised(event, MALFORMED_RATE, random);
  expectations.push(expectationOf(event, produced));
  return { key: event.key, value: produced.value, partition };
}

/** The demo's gate for them, which ends when all is read. */
export function rideQuery({ name, topic, tables }: RideTopic, bootstrapServers: string) {
  const table = (path: string) => ({ format: "delta", path });
  return {
    name,
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets: "earliest",
      },
      decode: "json" as const,
    },
    contract: join(root, "examples", "contracts", `${name}.odcs.yaml`),
    onViolation: "split" as const,
    output: { ...table(tables.output), options: { partitionBy: "_ingestion_date" } },
    rejects: table(tables.rejects),
    deadLetters: table(tables.deadLetters),
    streaming: { trigger: { type: "available_now" as const } },
    batch: { maxRows: 200_000 },
    durability: "process" as const,
  };
}
