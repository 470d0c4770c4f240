import { describe, expect, test } from "vitest";
import { ignoredCondition, when } from "../../support/s3/faults.ts";
import { eventsForStore, storeLake } from "../../support/s3/lake.ts";
import { failureOf } from "../../support/s3/outcome.ts";

describe("a store that ignores conditions", () => {
  test("is refused at the start, before any table exists", async () => {
    const { lake, config } = await eventsForStore(10);
    lake.proxy.rules = [when({}, ignoredCondition)];
    const error = await failureOf(config);
    expect(error).toMatchObject({ code: "DELTA_NO_CONDITIONAL_PUT", retryable: false });
    expect(error.message).toContain(lake.bucket.name);
    expect(await lake.bucket.keys()).toEqual([]);
  });

  test.each(["rejects", "deadLetters"] as const)(
    "is refused for %s alone, whatever the output lies in",
    async (table) => {
      const { lake, config } = await eventsForStore(10);
      const other = await storeLake();
      other.proxy.rules = [when({}, ignoredCondition)];
      const side = { format: "delta", path: other[table], options: other.options };
      const error = await failureOf({ ...config, [table]: side });
      expect(error).toMatchObject({ code: "DELTA_NO_CONDITIONAL_PUT" });
      expect(error.message).toContain(other.bucket.name);
      expect(error.message).not.toContain(lake.bucket.name);
    },
  );
});
