import { cargo, hostTarget } from "../../scripts/ensure-native.mjs";
import { groupEnded } from "./process-group.ts";
import type { Chaos, Scenario } from "./scenario.ts";

const SUMMARY =
  /kill matrix over .*: (\d+) runs, (\d+) kills, (\d+) failed calls, (\d+) lost, (\d+) doubled$/m;
/** Of what cargo prints, enough to see what is wrong. */
const SHOWN = 4_000;

/**
 * A process killed, failed and delayed at every point where a batch can break: the kill matrix of
 * the Rust tests, the same in either form. What its lives read is not counted.
 */
export const faultPoints: Scenario = { name: "fault-points", run };

async function run({ counts, say }: Chaos): Promise<Record<string, number>> {
  // Features, target and profile of all Rust tests, so that what they compiled will do.
  const all = ["--release", "--workspace", "--target", hostTarget()];
  const args = ["test", ...all, "--test", "kill_matrix", "--", "--nocapture"];
  say(`${cargo} ${args.join(" ")}`);
  const { status, stdout, stderr } = await groupEnded(cargo, args);
  const [, runs, kills, failedCalls, lost, doubled] = SUMMARY.exec(stdout)?.map(Number) ?? [];
  if (status !== 0 || runs === undefined || failedCalls === undefined) {
    throw new Error(`cargo ended with ${status}\n${`${stdout}${stderr}`.slice(-SHOWN)}`);
  }
  Object.assign(counts, { kills, lost, doubled });
  return { runs, failedCalls };
}
