import type { StreamingNodeConfig } from "headgate";
import { inject, onTestFinished } from "vitest";
import { records } from "../events.ts";
import { type Coordinate, createTopic, produce } from "../kafka/topics.ts";
import { type Lake, splitEvents } from "../query.ts";
import { Bucket } from "./client.ts";
import { FaultProxy } from "./proxy.ts";
import type { S3Access } from "./server.ts";

export type StoreOptions = Record<string, string>;

/** Three tables of a bucket of their own, which the engine reaches through a proxy. */
export interface StoreLake extends Lake {
  /** The bucket itself, without the proxy. */
  bucket: Bucket;
  proxy: FaultProxy;
  /** For the engine: the owner's account, at the proxy. */
  options: StoreOptions;
}

export async function storeLake(): Promise<StoreLake> {
  const lake = await openStoreLake(inject("s3"));
  onTestFinished(() => lake.proxy.stop());
  return lake;
}

/** Its proxy is the caller's to stop. */
export async function openStoreLake(access: S3Access): Promise<StoreLake> {
  const bucket = await Bucket.create(access);
  const proxy = await FaultProxy.start(access);
  const root = `s3://${bucket.name}/lake`;
  return {
    output: `${root}/events`,
    rejects: `${root}/events_rejects`,
    deadLetters: `${root}/events_dead_letters`,
    bucket,
    proxy,
    options: storeOptions(proxy.access),
  };
}

/** Options of a table, and names of the environment alike. */
export function storeOptions(access: S3Access): StoreOptions {
  return {
    AWS_ACCESS_KEY_ID: access.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.secretAccessKey,
    AWS_REGION: access.region,
    AWS_ENDPOINT_URL: access.endpoint,
    AWS_ALLOW_HTTP: "true",
  };
}

/** `splitEvents` into the tables of a store; `durability` is about local disks. */
export function splitOnStore(
  bootstrapServers: string,
  topic: string,
  lake: StoreLake,
  options: StoreOptions = lake.options,
): StreamingNodeConfig {
  const { durability: _, ...config } = splitEvents(bootstrapServers, topic, lake);
  const table = (path: string) => ({ format: "delta", path, options });
  return {
    ...config,
    output: table(lake.output),
    rejects: table(lake.rejects),
    deadLetters: table(lake.deadLetters),
  };
}

export interface Filled {
  topic: string;
  produced: Coordinate[];
  lake: StoreLake;
  config: StreamingNodeConfig;
}

/** `count` records in a topic of their own, and the query that takes them to a store. */
export async function eventsForStore(count: number, partitions = 4): Promise<Filled> {
  const bootstrapServers = inject("bootstrapServers");
  const topic = await createTopic(bootstrapServers, partitions);
  const produced = await produce(bootstrapServers, topic, records(count, { partitions }));
  const lake = await storeLake();
  return { topic, produced, lake, config: splitOnStore(bootstrapServers, topic, lake) };
}
