import type { StreamingBatch } from "./batch.js";

export const NO_COUNTS: StreamingBatch["counts"] = Object.freeze({
  records: 0,
  accepted: 0,
  rejected: 0,
  deadLetters: 0,
  skipped: 0,
  rerouted: 0,
  copied: 0,
});

/** Key by key. */
export function sum<Key extends string>(
  a: Readonly<Record<Key, number>>,
  b: Readonly<Record<Key, number>>,
): Record<Key, number> {
  const keys = Object.keys(a) as Key[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as Record<Key, number>;
}
