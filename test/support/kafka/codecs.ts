import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Running } from "../cli.ts";
import { jars, java } from "../java.ts";
import { root } from "../root.ts";

/** In the order of their numbers in a batch's attributes. */
export const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

export type Codec = (typeof codecs)[number];

const folder = join(root, "test", "support", "kafka");

/** Sends the same values to partition 0 of each topic, compressed with its codec by Kafka's own producer. */
export async function produceCompressed(
  bootstrapServers: string,
  topics: Readonly<Partial<Record<Codec, string>>>,
  values: readonly (Buffer | string)[],
): Promise<void> {
  const pairs = Object.entries(topics).map(([codec, topic]) => `${topic}:${codec}`);
  const classpath = `${await jars("kafka", join(folder, "pom.xml"))}/*`;
  const child = spawn(
    await java(),
    [
      "-Xmx256m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-cp",
      classpath,
      join(folder, "Produce.java"),
      bootstrapServers,
      ...pairs,
    ],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  child.stdin.end(values.map((value) => Buffer.from(value).toString("base64")).join("\n"));
  const { status, stderr } = await new Running(child).ended;
  if (status !== 0) throw new Error(`the producer ended with ${status}:\n${stderr}`);
}

/** The codecs of the batches in partition 0 of a topic, as the broker's own files have them. */
export async function codecsOf(kafkaData: string, topic: string): Promise<Set<Codec>> {
  const partition = join(kafkaData, `${topic}-0`);
  const found = new Set<Codec>();
  for (const name of await readdir(partition)) {
    if (!name.endsWith(".log")) continue;
    const segment = await readFile(join(partition, name));
    // Base offset, length of the rest, leader epoch, magic, checksum, attributes.
    for (let at = 0; at + 23 <= segment.length; at += 12 + segment.readInt32BE(at + 8)) {
      found.add(codecs[segment.readUInt16BE(at + 21) & 7] ?? "none");
    }
  }
  return found;
}
