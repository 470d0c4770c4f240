import { join } from "node:path";
import { root } from "../test/support/root.ts";

/** The query of the benches: a contract of ten rules, `split`, three tables below `folder`. */
export function eventsQuery(place: { bootstrapServers: string; topic: string; folder: string }) {
  const table = (name: string) => ({ format: "delta", path: join(place.folder, name) });
  return {
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": place.bootstrapServers,
        subscribe: place.topic,
        startingOffsets: "earliest",
      },
      decode: "json",
      metadata: true,
    },
    contract: join(root, "test", "support", "contracts", "events.odcs.yaml"),
    onViolation: "split",
    output: table("events"),
    rejects: table("events_rejects"),
    deadLetters: table("events_dead_letters"),
  };
}
