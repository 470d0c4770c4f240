import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StreamingNodeConfig } from "headgate";
import { command, node, type Running } from "./cli.ts";
import { temporaryFolder } from "./query.ts";

/** The configuration as a file: JSON is YAML, only the spelling of the keys differs. */
export async function configFile(config: StreamingNodeConfig): Promise<string> {
  return writeConfig(join(await temporaryFolder(), `${config.name}.yaml`), config);
}

/** Answers the path that it was given. */
export async function writeConfig(path: string, config: StreamingNodeConfig): Promise<string> {
  await writeFile(path, JSON.stringify(spelled(config)));
  return path;
}

/** `headgate run` of the configuration, one JSON line an event. */
export async function runFile(config: StreamingNodeConfig): Promise<Running> {
  return node([command(), "run", await configFile(config), "--json"]);
}

function spelled(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    // What is below `options` is Kafka's and Delta's own spelling.
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [name, key === "options" ? inner : spelled(inner)];
  });
  return Object.fromEntries(entries);
}
