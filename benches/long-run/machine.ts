import { readFile } from "node:fs/promises";
import { arch, cpus, loadavg, totalmem, version } from "node:os";
import { join } from "node:path";
import { root } from "../../test/support/root.ts";

/** What figures depend on beside the code. */
export async function machine() {
  const { version: headgate } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${arch()}, ${version()}`,
    node: process.version,
    headgate,
  };
}

/** Processes that ran or waited to, on average of the last minute. */
export function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
