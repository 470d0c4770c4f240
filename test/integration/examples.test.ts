import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { node } from "../support/cli.ts";
import { root } from "../support/root.ts";

/** What each example prints when it did its job. */
const printed: Record<string, RegExp[]> = {
  bronze: [/bronze_gps_pings: 3 records/, /bronze_trips: 3 records/, /bronze_ratings: 3 records/],
  "intervention-service": [/20 accepted/, /blocked: .*20 of 20 rows/, /health: 503/],
  openlineage: [/START kafka:.*3 tables/, /maximum_speed_kmh: 1 violations/, /COMPLETE/],
  streams: [
    /refused: missing required column: band; 0/,
    /valid has no version, block/,
    /version, warn/,
  ],
  "yaml-run": [/1 accepted {2}2 rejected {2}1 dead/, /verifies/],
};

test.each(Object.entries(printed))(
  "the example %s runs and ends by itself",
  async (name, lines) => {
    const { status, stdout, stderr } = await node([join("examples", name, "run.mjs")]).ended;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    for (const line of lines) expect(stdout).toMatch(line);
  },
);

test("every example is run", () => {
  const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
  const found = files.filter((file) => file.endsWith("run.mjs")).map((file) => file.split("/")[0]);
  expect(found.sort()).toEqual(Object.keys(printed).sort());
});
