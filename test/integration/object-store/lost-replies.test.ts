import { describe, expect, test } from "vitest";
import { runToEnd } from "../../support/query.ts";
import {
  conflict,
  type Fault,
  internalError,
  lostReply,
  ownWriteRefused,
  reset,
  when,
} from "../../support/s3/faults.ts";
import { eventsForStore } from "../../support/s3/lake.ts";
import { expectSound } from "../../support/s3/sound.ts";

const entry = (table: string, version: number) =>
  new RegExp(`/${table}/_delta_log/${String(version).padStart(20, "0")}\\.json$`);

/** Of a batch and its payments: the entries before them create the tables. */
const ENTRIES = [entry("events", 2), entry("events_rejects", 1), entry("events_dead_letters", 1)];
const FILES = [/\/events\/.*\.parquet$/, /\/events_rejects\/.*\.parquet$/];

const accidents: [string, Fault, RegExp[]][] = [
  ["loses its reply", lostReply, [...ENTRIES, ...FILES]],
  ["is told as another's", ownWriteRefused, ENTRIES],
  ["meets a conflict in an empty slot", conflict, ENTRIES],
  ["arrives after its client gave up", { kind: "late", ms: 3_000 }, [...ENTRIES, ...FILES]],
  ["fails in the store", internalError, [...ENTRIES, ...FILES]],
  ["is reset", reset, [...ENTRIES, ...FILES]],
];

describe("a put that took effect, or did not, or will", () => {
  test.each(accidents)("%s", async (_, fault, keys) => {
    const { produced, lake, config } = await eventsForStore(3_000);
    lake.proxy.rules = keys.map((key) => when({ operation: "PutObject", key, times: 1 }, fault));
    await runToEnd({ ...config, batch: { maxRows: 1_000 } });
    await lake.proxy.settled();
    expect(lake.proxy.injected()).toBe(keys.length);
    await expectSound(lake, produced);
  });

  test("every first try of an entry loses its reply", async () => {
    const { produced, lake, config } = await eventsForStore(5_000);
    const tried = new Set<string>();
    lake.proxy.rules = [
      (exchange) => {
        if (!/events\w*\/_delta_log\/\d{20}\.json$/.test(exchange.key)) return undefined;
        if (exchange.operation !== "PutObject" || tried.has(exchange.key)) return undefined;
        tried.add(exchange.key);
        return lostReply;
      },
    ];
    await runToEnd({ ...config, batch: { maxRows: 1_000 } });
    expect(tried.size).toBeGreaterThan(5);
    await expectSound(lake, produced);
  });
});
