import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "../support/random.ts";
import type { Chaos, Counts, Scenario } from "./scenario.ts";

export interface Result extends Counts {
  name: string;
  seconds: number;
  /** Why the scenario failed; null when all was well. */
  failed: string | null;
  seed: number;
  /** Tables and logs of a scenario that failed, or was to be kept. */
  evidence?: string;
}

/** Plays one scenario. What it throws is in the result. */
export async function play(
  { name, run }: Scenario,
  { seed, isKept, ...given }: Pick<Chaos, "isShort" | "kafka"> & { seed: number; isKept: boolean },
): Promise<Result> {
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), `headgate-chaos-${name}-`));
  const counts: Counts = { records: 0, kills: 0, freezes: 0, lost: 0, doubled: 0 };
  const say = (text: string) => {
    const seconds = (performance.now() - began) / 1_000;
    process.stderr.write(`${name} ${seconds.toFixed(1).padStart(6)}  ${text}\n`);
  };
  let figures: Record<string, number> = {};
  let failed: string | null = null;
  try {
    figures = await run({ ...given, random: randomOf(seed, name), folder, counts, say });
  } catch (error) {
    failed = error instanceof Error ? error.message : String(error);
    say(error instanceof Error ? (error.stack ?? failed) : failed);
  }
  const isBad = failed !== null || counts.lost > 0 || counts.doubled > 0;
  if (!isBad && !isKept) await rm(folder, { recursive: true, force: true });
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const evidence = isBad || isKept ? { evidence: folder } : {};
  return { name, ...counts, seconds, failed, ...figures, seed, ...evidence };
}

/** A scenario makes the same choices whether it runs alone or among others. */
function randomOf(seed: number, name: string): () => number {
  return randomFrom(createHash("sha256").update(`${seed} ${name}`).digest().readUInt32LE());
}
