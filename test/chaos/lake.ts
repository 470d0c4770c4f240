import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StreamingNodeConfig } from "headgate";
import type { Lake as Tables } from "../support/query.ts";
import { splitEvents } from "../support/query.ts";
import { type StoreLake, splitOnStore, storeOptions } from "../support/s3/lake.ts";
import type { S3Access } from "../support/s3/server.ts";

/** Three tables, and how to come by what is in them. */
export interface Lake {
  tables: Tables;
  /** For whoever reads the tables from outside. */
  environment: Record<string, string>;
  /** The query that fills them. */
  query(bootstrapServers: string, topic: string): StreamingNodeConfig;
  /** The text of an entry of the output's log; undefined when there is none yet. */
  entry(version: number): Promise<string | undefined>;
}

export function localLake(folder: string): Lake {
  const tables = {
    output: join(folder, "events"),
    rejects: join(folder, "events_rejects"),
    deadLetters: join(folder, "events_dead_letters"),
  };
  const log = join(tables.output, "_delta_log");
  return {
    tables,
    environment: {},
    query: (bootstrapServers, topic) => splitEvents(bootstrapServers, topic, tables),
    entry: (version) => readFile(join(log, entryName(version)), "utf8").catch(() => undefined),
  };
}

/** Workers see the store through the proxy, all others as it is. */
export function lakeOnStore(store: StoreLake, access: S3Access): Lake {
  const log = store.output.slice(`s3://${store.bucket.name}/`.length);
  return {
    tables: store,
    environment: storeOptions(access),
    query: (bootstrapServers, topic) => splitOnStore(bootstrapServers, topic, store),
    entry: (version) =>
      store.bucket.text(`${log}/_delta_log/${entryName(version)}`).catch(() => undefined),
  };
}

function entryName(version: number): string {
  return `${String(version).padStart(20, "0")}.json`;
}
