import { expect, onTestFinished, test } from "vitest";
import { node } from "../support/cli.ts";
import { faultPoints } from "./fault-points.ts";
import { chaosOptions } from "./options.ts";

const LONGEST_MS = 10 * 60_000;

// Cargo has run the fault points by then, among the Rust tests.
const others = chaosOptions(["--short"]).selected.filter((scenario) => scenario !== faultPoints);

test.each(others)(
  "short chaos, $name: nothing is lost or doubled, and nobody fails",
  { timeout: LONGEST_MS },
  async ({ name }) => {
    const chaos = node(["test/chaos/run.mjs", "--short", "--only", name]);
    onTestFinished(() => chaos.signal("SIGTERM"));
    const { status, stdout, stderr } = await chaos.ended;
    console.log(stdout);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines, stderr).toMatchObject([
      { event: "scenario", name, lost: 0, doubled: 0, failed: null },
      { event: "summary", scenarios: 1, lost: 0, doubled: 0, failed: [] },
    ]);
    expect(status).toBe(0);
  },
);
