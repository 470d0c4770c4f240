import { parseArgs } from "node:util";

export interface BenchOptions {
  rows: number;
  warmupRows: number;
  partitions: number;
  memory: string;
  batchRows: number;
  durability: "fsync" | "process";
  peer: "spark" | undefined;
}

export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: "string", default: "8000000" },
      "warmup-rows": { type: "string", default: "1000000" },
      partitions: { type: "string", default: "4" },
      memory: { type: "string", default: "128MiB" },
      "batch-rows": { type: "string", default: "500000" },
      durability: { type: "string", default: "process" },
      peer: { type: "string" },
    },
  });
  if (values.peer !== undefined && values.peer !== "spark") throw new Error("--peer takes: spark");
  return {
    rows: count("rows", values.rows),
    warmupRows: count("warmup-rows", values["warmup-rows"]),
    partitions: count("partitions", values.partitions),
    memory: values.memory,
    batchRows: count("batch-rows", values["batch-rows"]),
    durability: values.durability === "fsync" ? "fsync" : "process",
    peer: values.peer,
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} takes a count, not ${text}`);
  return value;
}
