import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Comparison, compare, NO_CHECK } from "../differential/compare.ts";
import { peerMeasures } from "../differential/datacontract-cli.ts";
import { type Listed, listedDifferences } from "../differential/differences.ts";
import { headgateMeasures } from "../differential/headgate.ts";
import { jsonLines } from "../differential/rows.ts";
import { root } from "../support/root.ts";

const contract = join(root, "test", "differential", "contract.odcs.yaml");
const numRows = 5_000;
const seed = 20_261;

let comparisons: Comparison[];
let listed: Listed;

beforeAll(async () => {
  listed = await listedDifferences();
  const folder = await mkdtemp(join(tmpdir(), "headgate-differential-"));
  try {
    // The contract calls it that.
    const rows = join(folder, "rows.json");
    await writeFile(rows, jsonLines(numRows, seed));
    const peer = await peerMeasures(contract, folder);
    const orders = await headgateMeasures(contract, "orders", rows);
    const parcels = await headgateMeasures(contract, "parcels", rows);
    comparisons = compare([...orders, ...parcels], peer);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 600_000);

test("rules count and judge as datacontract-cli does, but for the listed differences", () => {
  const different = comparisons.filter(
    ({ headgate, peer }) => peer !== NO_CHECK && headgate !== peer,
  );
  const asListed = different.map(({ rule, headgate, peer }) => [rule, { headgate, peer }]);
  expect(Object.fromEntries(asListed)).toEqual(listed.differences);
});

test("duplicates beyond the first are the rows of datacontract-cli's groups without the groups", () => {
  const surplus = comparisons.flatMap(({ surplus }) => surplus ?? []);
  expect(surplus.length).toBeGreaterThan(0);
  expect(surplus.filter(({ headgate, peer }) => headgate !== peer)).toEqual([]);
});

test("rules that datacontract-cli has no check for are of the listed kinds", () => {
  const alone = comparisons.filter(({ peer }) => peer === NO_CHECK);
  expect(new Set(alone.map(({ kind }) => kind))).toEqual(new Set(listed.onlyHeadgate));
});

test("the data breaks every rule on which both agree", () => {
  const equal = comparisons.filter(({ headgate, peer }) => headgate === peer);
  expect(equal.length).toBeGreaterThanOrEqual(40);
  expect(equal.filter(({ headgate }) => headgate === "0, holds")).toEqual([]);
});
