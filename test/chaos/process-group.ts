import { spawn } from "node:child_process";
import { type Ended, Running } from "../support/cli.ts";
import { root } from "../support/root.ts";

/** Runs a command to its end. Leaves neither it nor what it started behind. */
export async function groupEnded(command: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(command, args, {
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
