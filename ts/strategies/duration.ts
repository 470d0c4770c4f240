const UNITS: Record<string, number> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** Of `10 seconds` or `1 hour`, as in the configuration; none of what is written otherwise. */
export function milliseconds(text: string): number | undefined {
  const [, number, unit = ""] = /^\s*(\d+)\s+([a-z]+?)s?\s*$/.exec(text) ?? [];
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  return factor === undefined ? undefined : Number(number) * factor;
}
