/** A copy that `JSON.stringify` takes: every bigint, however deep, is a decimal string. */
export function jsonSafe(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(jsonSafe);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonSafe(item)]));
}

/** A copy with a `toJSON` that no enumeration, spread or comparison sees. */
export function withJson<T extends object>(value: T): T & { toJSON(): object } {
  const toJSON = () => jsonSafe({ ...value }) as object;
  return Object.defineProperty({ ...value }, "toJSON", { value: toJSON }) as T & {
    toJSON(): object;
  };
}

/** Reads an answer of the engine; what is null in it is absent. */
export function withoutNulls<T>(json: string): T {
  return JSON.parse(json, (_, value) => value ?? undefined);
}
