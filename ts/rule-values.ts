/**
 * One value of a column. Integers of 64 bits are `bigint`; decimals, dates (`2026-11-22`) and
 * timestamps (`2026-11-22T05:15:29.123456Z`) are text, so that nothing is rounded; objects and
 * arrays are objects and arrays. What is absent is null.
 */
export type RuleValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly RuleValue[]
  | { readonly [key: string]: RuleValue };

/** What JSON cannot say of values. Null: it says it all. */
type Shape =
  | null
  | "bigint"
  | "number"
  | { items: Shape }
  | { values: Shape }
  | { fields: Readonly<Record<string, Shape>> };

/** Reads values that the engine wrote as JSON of a shape. */
export function readValues(valuesJson: string, shapeJson: string): RuleValue {
  return revived(JSON.parse(valuesJson), JSON.parse(shapeJson));
}

function revived(value: unknown, shape: Shape): RuleValue {
  if (value === null || shape === null) return value as RuleValue;
  if (shape === "bigint") return BigInt(value as string);
  if (shape === "number") return Number(value);
  if ("items" in shape) return (value as unknown[]).map((item) => revived(item, shape.items));
  const object = value as Record<string, unknown>;
  const shapes =
    "fields" in shape
      ? Object.entries(shape.fields)
      : Object.keys(object).map((key) => [key, shape.values] as const);
  for (const [key, inner] of shapes) object[key] = revived(object[key], inner);
  return object as RuleValue;
}
