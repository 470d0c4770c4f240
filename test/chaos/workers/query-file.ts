import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TablePaths } from "../../support/coordinates.ts";
import { root } from "../../support/root.ts";

export interface QueryPlace {
  folder: string;
  tables: Required<TablePaths>;
  bootstrapServers: string;
  topic: string;
  /** For Kafka, beyond where the records are. */
  options: Record<string, string>;
}

/** Writes the query that all workers run; JSON is YAML. Answers the file's path. */
export async function queryFile(place: QueryPlace, name: string, trigger: object): Promise<string> {
  const { folder, tables, bootstrapServers, topic, options } = place;
  const table = (path: string) => ({ format: "delta", path });
  const query = {
    name: "events",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets: "earliest",
        ...options,
      },
      decode: "json",
    },
    contract: join(root, "test", "support", "contracts", "events.odcs.yaml"),
    on_violation: "split",
    output: table(tables.output),
    rejects: table(tables.rejects),
    dead_letters: table(tables.deadLetters),
    streaming: { trigger },
    // The machine stays up.
    durability: "process",
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, JSON.stringify(query));
  return path;
}
