import { join } from "node:path";
import type { StreamingNodeConfig } from "../config/types.js";
import type { RideEvent } from "./city.js";

/** One query of the demo: a topic, its contract and its three tables. */
export interface Gate {
  name: string;
  topic: string;
  partitions: number;
}

export interface GateTable {
  name: string;
  path: string;
  role: "output" | "rejects" | "dead_letters";
}

export const GATES: readonly Gate[] = [gate("gps-pings", 8), gate("trips", 4)];

function gate(topic: RideEvent["topic"], partitions: number): Gate {
  return { name: topic.replace("-", "_"), topic, partitions };
}

/** The tables of a gate below the folder `lake`. */
export function tablesOf({ name }: Pick<Gate, "name">, lake: string): GateTable[] {
  const table = (suffix: string, role: GateTable["role"]): GateTable => ({
    name: `${name}${suffix}`,
    path: `${lake}/${name}${suffix}`,
    role,
  });
  return [table("", "output"), table("_rejects", "rejects"), table("_dlq", "dead_letters")];
}

export function gateConfig(
  gate: Pick<Gate, "name" | "topic">,
  lake: string,
  bootstrapServers: string,
  startingOffsets: string,
  contracts = join(__dirname, "..", "..", "examples", "contracts"),
): StreamingNodeConfig {
  const { name, topic } = gate;
  const tables = tablesOf(gate, lake);
  const table = (role: GateTable["role"]) => ({
    format: "delta",
    path: tables.find((each) => each.role === role)?.path,
  });
  return {
    name,
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets,
      },
      decode: "json",
      metadata: true,
    },
    contract: join(contracts, `${name}.odcs.yaml`),
    onViolation: "split",
    output: { ...table("output"), options: { partitionBy: "_ingestion_date" } },
    rejects: table("rejects"),
    deadLetters: table("dead_letters"),
    streaming: { trigger: { type: "processing_time", interval: "1 second" } },
  };
}
