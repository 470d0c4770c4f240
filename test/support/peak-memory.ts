import { readFile } from "node:fs/promises";
import type { Ended, Running } from "./cli.ts";

const EVERY_MS = 20;

/** How a process ended, and the most memory that it had resident. */
export async function endedWithPeak(process: Running): Promise<Ended & { peakMib: number }> {
  let peakMib = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${process.pid}/status`, "utf8").catch(() => "");
    peakMib = Math.max(peakMib, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
  }, EVERY_MS);
  const ended = await process.ended;
  clearInterval(watch);
  return { ...ended, peakMib };
}
