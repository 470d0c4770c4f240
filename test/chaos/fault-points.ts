import { spawn } from "node:child_process";
import { cargo, hostTarget } from "../../scripts/ensure-native.mjs";
import { type Ended, Running } from "../support/cli.ts";
import { root } from "../support/root.ts";
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
  const { status, stdout, stderr } = await ended(args);
  const [, runs, kills, failedCalls, lost, doubled] = SUMMARY.exec(stdout)?.map(Number) ?? [];
  if (status !== 0 || runs === undefined || failedCalls === undefined) {
    throw new Error(`cargo ended with ${status}\n${`${stdout}${stderr}`.slice(-SHOWN)}`);
  }
  Object.assign(counts, { kills, lost, doubled });
  return { runs, failedCalls };
}

/** Leaves neither cargo nor what cargo started behind. */
async function ended(args: readonly string[]): Promise<Ended> {
  const child = spawn(cargo, args, {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  const kill = () => pid !== undefined && process.kill(-pid, "SIGKILL");
  process.once("exit", kill);
  try {
    return await new Running(child).ended;
  } finally {
    process.off("exit", kill);
  }
}
