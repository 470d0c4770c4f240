import type { Latency, LongRun, Recovery } from "./measure.ts";
import type { MarkedMemory } from "./memory-mark.ts";

/** What the figures have to stay below. */
const BARS = { memoryGrowth: 0.05, commitRatio: 1.5, recoverySeconds: 2 };

export type Figures = Record<keyof typeof BARS, number>;

export function figuresOf(
  young: Latency,
  memory: readonly MarkedMemory[],
  { latency }: LongRun,
  recovered: readonly Recovery[],
): Figures {
  const [early, late] = memory.map(({ rssKib }) => rssKib);
  return {
    memoryGrowth: (late ?? Number.NaN) / (early ?? Number.NaN) - 1,
    commitRatio: latency.p99Ms / young.p99Ms,
    recoverySeconds: Math.max(...recovered.map(({ seconds }) => seconds)),
  };
}

/** Those that are not below their bar, or are no number. */
export function missed(figures: Figures): string[] {
  const names = Object.keys(BARS) as (keyof Figures)[];
  return names.filter((name) => !(figures[name] < BARS[name]));
}
