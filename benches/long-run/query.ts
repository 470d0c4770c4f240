import type { StreamingNodeConfig } from "headgate";
import { ROWS_A_COMMIT } from "./load.ts";

const contract = {
  apiVersion: "v3.1.0",
  kind: "DataContract",
  id: "orders",
  name: "orders",
  version: "1.0.0",
  status: "active",
  schema: [
    {
      name: "orders",
      logicalType: "object",
      properties: [
        { name: "seq", logicalType: "integer", required: true },
        { name: "region", logicalType: "string", required: true },
        { name: "amount", logicalType: "number", logicalTypeOptions: { minimum: 0 } },
        { name: "session", logicalType: "string" },
      ],
    },
  ],
};

/** The continuous trigger; batches end by their rows, since more of them always wait. */
export function longRunQuery(
  bootstrapServers: string,
  topic: string,
  path: string,
  isPartitioned = true,
): StreamingNodeConfig {
  return {
    name: "long_run",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": bootstrapServers,
        subscribe: topic,
        startingOffsets: "earliest",
        // A static member that comes back gets its partitions at once: nobody waits until the
        // session of the process that was killed has ended.
        "kafka.group.instance.id": "worker-1",
      },
      decode: "json",
    },
    contract,
    output: { format: "delta", path, options: isPartitioned ? { partitionBy: "region" } : {} },
    batch: { maxRows: ROWS_A_COMMIT },
    memory: { max: "128MiB" },
    durability: "process",
  };
}

/** The same, which ends by itself after so many commits. */
export function shortRunQuery(
  bootstrapServers: string,
  topic: string,
  path: string,
  commits: number,
): StreamingNodeConfig {
  const config = longRunQuery(bootstrapServers, topic, path);
  const endingOffsets = JSON.stringify({ [topic]: { 0: commits * ROWS_A_COMMIT } });
  const input = { ...config.input, options: { ...config.input.options, endingOffsets } };
  return { ...config, input, streaming: { trigger: { type: "available_now" } } };
}
