import { expect, test } from "vitest";
import { runToEnd } from "../../support/query.ts";
import { describeStore } from "../../support/s3/engine.ts";
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

// Batches and payments: the entries before them create the tables.
const places: [string, RegExp][] = [
  ["the entry of a batch", entry("events", 2)],
  ["the entry of a payment of rejections", entry("events_rejects", 1)],
  ["the entry of a payment of dead letters", entry("events_dead_letters", 1)],
  ["a data file of the output", /\/events\/.*\.parquet$/],
  ["a data file of rejections", /\/events_rejects\/.*\.parquet$/],
];

const accidents: [string, Fault][] = [
  ["lost its reply", lostReply],
  ["was told as another's", ownWriteRefused],
  ["met a conflict in an empty slot", conflict],
  ["came after its client gave up", { kind: "late", ms: 3_000 }],
  ["failed in the store", internalError],
  ["was reset", reset],
];

/** Conditions are for log entries only. */
const isConditional = (fault: Fault) => fault === ownWriteRefused || fault === conflict;

const cases = accidents.flatMap(([accident, fault]) =>
  places
    .filter(([, key]) => !isConditional(fault) || key.source.endsWith("json$"))
    .map(([place, key]) => ({ place, accident, key, fault })),
);

describeStore("a put that took effect, or did not, or will", () => {
  test.each(cases)("$place $accident", async ({ key, fault }) => {
    const { produced, lake, config } = await eventsForStore(3_000);
    lake.proxy.rules = [when({ operation: ["PutObject", "UploadPart"], key, times: 1 }, fault)];
    await runToEnd({ ...config, batch: { maxRows: 1_000 } });
    await lake.proxy.settled();
    expect(lake.proxy.injected()).toBe(1);
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
