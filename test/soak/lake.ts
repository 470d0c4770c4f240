import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Destination } from "../support/coordinates.ts";
import { Bucket } from "../support/s3/client.ts";
import { storeOptions } from "../support/s3/lake.ts";
import { FaultProxy } from "../support/s3/proxy.ts";
import { startS3 } from "../support/s3/server.ts";

export type Tables = Record<Destination, string>;

export interface SoakLake {
  tables: Tables;
  /** For processes that reach the lake by another way than the engine's. */
  environment: Record<string, string>;
  /** Between the engine and its store; a local lake has none. */
  proxy?: FaultProxy;
  /** An entry of a table's log; undefined while there is none. */
  entry(table: Destination, version: number): Promise<string | undefined>;
  stop(): Promise<void>;
}

const NAMES: Tables = {
  output: "events",
  rejects: "events_rejects",
  deadLetters: "events_dead_letters",
};

export function localLake(folder: string): SoakLake {
  const tables = placed((name) => join(folder, "lake", name));
  return {
    tables,
    environment: {},
    entry: (table, version) =>
      readFile(join(tables[table], logName(version)), "utf8").catch(ifMissing),
    stop: async () => {},
  };
}

/** On a real S3 server. The engine reaches it through a proxy, by the environment. */
export async function storeLake(): Promise<SoakLake> {
  const server = await startS3();
  const bucket = await Bucket.create(server);
  const proxy = await FaultProxy.start(server);
  Object.assign(process.env, storeOptions(proxy.access));
  return {
    tables: placed((name) => `s3://${bucket.name}/lake/${name}`),
    environment: storeOptions(server),
    proxy,
    entry: async (table, version) => {
      const target = `/lake/${NAMES[table]}/${logName(version)}`;
      const response = await bucket.request("GET", target);
      const text = await response.text();
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`${target}: the store answered ${response.status}`);
      return text;
    },
    stop: async () => {
      await proxy.stop();
      await server.stop();
    },
  };
}

function placed(place: (name: string) => string): Tables {
  const { output, rejects, deadLetters } = NAMES;
  return { output: place(output), rejects: place(rejects), deadLetters: place(deadLetters) };
}

function logName(version: number): string {
  return `_delta_log/${String(version).padStart(20, "0")}.json`;
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
