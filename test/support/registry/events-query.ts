import type { StreamingNodeConfig } from "headgate";
import { type Lake, splitEvents } from "../query.ts";

export type RegistryKeys = NonNullable<StreamingNodeConfig["input"]["registry"]>;

/** {@link splitEvents} of payloads that name schemas of a registry. */
export function registeredEvents(
  bootstrapServers: string,
  topic: string,
  lake: Lake,
  registry: RegistryKeys,
  onSchemaChange?: "evolve" | "reject" | "block",
): StreamingNodeConfig {
  const config = splitEvents(bootstrapServers, topic, lake);
  const input = { ...config.input, decode: "avro" as const, registry };
  return { ...config, input: { ...input, ...(onSchemaChange && { onSchemaChange }) } };
}
