import { describe, expect, test } from "vitest";
import { runToEnd } from "../../support/query.ts";
import { randomFrom } from "../../support/random.ts";
import {
  dataFile,
  inTurn,
  internalError,
  logEntry,
  lostReply,
  reset,
  slowDown,
  when,
} from "../../support/s3/faults.ts";
import { eventsForStore } from "../../support/s3/lake.ts";
import { expectSound } from "../../support/s3/sound.ts";

const COUNT = 10_000;
const seed = Number(process.env.HEADGATE_FAULT_SEED ?? Date.now() % 1_000_000);

describe("a store in trouble", () => {
  test("throttling, errors, resets and lost replies at random lose and double nothing", async () => {
    console.log(`HEADGATE_FAULT_SEED=${seed} repeats these faults`);
    const random = randomFrom(seed);
    const { produced, lake, config } = await eventsForStore(COUNT);
    lake.proxy.rules = [inTurn([slowDown, internalError, reset, lostReply], 5, random)];
    await runToEnd({ ...config, batch: { maxRows: 500 } });
    await expectSound(lake, produced);
    for (const kind of ["answer", "reset", "lost reply"] as const) {
      expect(lake.proxy.injected(kind)).toBeGreaterThan(0);
    }
  }, 300_000);

  test("a store that throttles everything for a while is waited for", async () => {
    const { produced, lake, config } = await eventsForStore(2_000);
    const throttled = when({ times: 25 }, slowDown);
    let requests = 0;
    lake.proxy.rules = [
      (exchange) => {
        requests += 1;
        return requests > 20 ? throttled(exchange) : undefined;
      },
    ];
    await runToEnd({ ...config, batch: { maxRows: 500 } });
    expect(lake.proxy.injected("answer")).toBe(25);
    await expectSound(lake, produced);
  });

  test("a slow store is only slow", async () => {
    const { produced, lake, config } = await eventsForStore(2_000);
    lake.proxy.rules = [
      when({ key: logEntry }, { kind: "delay", ms: 400 }),
      when({ key: dataFile }, { kind: "trickle", bytesPerSecond: 200_000 }),
      when({}, { kind: "delay", ms: 100 }),
    ];
    await runToEnd({ ...config, batch: { maxRows: 1_000 } });
    await expectSound(lake, produced);
    expect(lake.proxy.injected("trickle")).toBeGreaterThan(0);
  });
});
