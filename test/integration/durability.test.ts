import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { command } from "../support/cli.ts";
import { run } from "../support/command.ts";
import { configFile } from "../support/config-file.ts";
import { records } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { splitEvents, temporaryFolder, temporaryLake } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");
const COUNT = 1_000;
const CALLS = "fsync,fdatasync,link,linkat,rename,renameat,renameat2";
const hasStrace = spawnSync("strace", ["-V"], { stdio: "ignore" }).error === undefined;

interface Call {
  kind: "sync" | "name";
  /** What is synced, or given a name. */
  path: string;
  /** The name given. */
  to?: string;
}

/** The calls that succeeded, in the order in which they ended. */
function callsOf(trace: string): Call[] {
  const begun = new Map<string, string>();
  return trace.split("\n").flatMap((line): Call[] => {
    const [, thread = "", said = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (said.endsWith("<unfinished ...>")) {
      begun.set(thread, said.replace("<unfinished ...>", ""));
      return [];
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(said)?.[1];
    const call = rest === undefined ? said : `${begun.get(thread)}${rest}`;
    if (!/\) += 0$/.test(call)) return [];
    const synced = /^f(?:data)?sync\(\d+<([^>]*)>/.exec(call)?.[1];
    if (synced !== undefined) return [{ kind: "sync", path: synced }];
    const [path, to] = [...call.matchAll(/"([^"]*)"/g)].map(([, name]) => name);
    return path === undefined || to === undefined ? [] : [{ kind: "name", path, to }];
  });
}

test.skipIf(!hasStrace)(
  "T17: with fsync files are on the disk before an entry names them, and an entry before its name",
  async () => {
    const topic = await createTopic(bootstrapServers);
    await produce(bootstrapServers, topic, records(COUNT));
    const lake = await temporaryLake();
    const config = splitEvents(bootstrapServers, topic, lake);
    const file = await configFile({
      ...config,
      durability: "fsync",
      batch: { maxRows: 300 },
      maintenance: { checkpointInterval: 2 },
    });
    const trace = join(await temporaryFolder(), "trace");
    const options = ["-f", "-y", "-s", "4096", "-e", `trace=${CALLS}`, "-o", trace];
    await run("strace", [...options, process.execPath, command(), "run", file, "--json"]);
    const calls = callsOf(await readFile(trace, "utf8"));
    const synced = (path: string) => calls.findIndex((c) => c.kind === "sync" && c.path === path);

    const entries = calls.flatMap(({ kind, path, to = "" }, at) =>
      kind === "name" && /_delta_log\/\d{20}\.json$/.test(to) ? [{ path, to, at }] : [],
    );
    const log = join(lake.output, "_delta_log");
    const ofOutput = entries.filter(({ to }) => to.startsWith(`${log}/`));
    expect(ofOutput.length).toBeGreaterThan(4);
    for (const { path, to, at } of entries.filter(
      ({ to }) => !to.endsWith(`${"0".repeat(20)}.json`),
    )) {
      const folder = join(to, "..");
      expect(synced(path), `${to} itself`).toBeGreaterThanOrEqual(0);
      expect(synced(path), `${to} itself`).toBeLessThan(at);
      const next = entries.find((entry) => entry.at > at && entry.to.startsWith(folder))?.at;
      const after = calls.findIndex((c, n) => n > at && c.kind === "sync" && c.path === folder);
      expect(after, `${to}: its folder`).toBeGreaterThan(at);
      if (next !== undefined) expect(after, `${to}: its folder`).toBeLessThan(next);
      for (const named of await filesOf(to)) {
        expect(synced(named), `${named} of ${to}`).toBeGreaterThanOrEqual(0);
        expect(synced(named), `${named} of ${to}`).toBeLessThan(at);
      }
    }
    for (const [at, { to = "" }] of calls.entries()) {
      if (!to.endsWith(".checkpoint.parquet")) continue;
      const newest = join(to, "..", "_last_checkpoint");
      const named = calls.findIndex((call, later) => later > at && call.to === newest);
      expect(synced(to), to).toBeGreaterThan(at);
      expect(named, `${to} is named newest`).toBeGreaterThan(synced(to));
    }
    expect(calls.some(({ to = "" }) => to.endsWith(".checkpoint.parquet"))).toBe(true);
  },
  120_000,
);

/** Every file that an entry adds, or owes a side table. */
async function filesOf(entry: string): Promise<string[]> {
  const lines = (await readFile(entry, "utf8")).split("\n").filter(Boolean);
  const actions = lines.map((line) => JSON.parse(line));
  const table = join(entry, "..", "..");
  const own = actions.flatMap(({ add }) => (add ? [join(table, add.path)] : []));
  const owed = actions.flatMap(({ commitInfo }) => commitInfo?.headgate?.debts ?? []);
  const ofSides = owed.flatMap(({ address, adds }) =>
    adds.map((add: { path: string }) => join(new URL(address).pathname, add.path)),
  );
  return [...own, ...ofSides];
}
