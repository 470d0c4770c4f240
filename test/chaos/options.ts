import { parseArgs } from "node:util";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

export interface ChaosOptions {
  isShort: boolean;
  seed: number;
  /** Tables and logs stay, even if all is well. */
  isKept: boolean;
  selected: readonly Scenario[];
}

export function chaosOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      short: { type: "boolean", default: false },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      keep: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0) throw new Error("--seed takes a number from 0");
  const known = scenarios.map(({ name }) => name);
  const unknown = values.only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`--only takes one of ${known.join(", ")}`);
  const isSelected = ({ name, isFullOnly = false }: Scenario) =>
    values.only.length === 0 ? !(values.short && isFullOnly) : values.only.includes(name);
  return {
    isShort: values.short,
    seed,
    isKept: values.keep,
    selected: scenarios.filter(isSelected),
  };
}
