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
export type Shape =
  | null
  | "bigint"
  | "decimal"
  | "number"
  | { items: Shape }
  | { values: Shape }
  | { fields: Readonly<Record<string, Shape>> };

/** Reads values that the engine wrote as JSON of a shape. */
export function readValues(valuesJson: string, shapeJson: string): RuleValue {
  return revived(JSON.parse(valuesJson), JSON.parse(shapeJson));
}

function revived(value: unknown, shape: Shape): RuleValue {
  if (value === null || shape === null || shape === "decimal") return value as RuleValue;
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

/** A number that JSON can write and no column can hold: it fails the row that has it. */
const UNFIT = "1e999";

const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** Writes as JSON what `readValues` would read, or a user made: no digit is lost. */
export function writeValue(value: unknown, shape: Shape): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? JSON.stringify(value) : UNFIT;
  if (typeof value === "string") {
    return shape === "decimal" && DECIMAL.test(value) ? value : JSON.stringify(value);
  }
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) {
    const items =
      shape !== null && typeof shape === "object" && "items" in shape ? shape.items : null;
    return `[${Array.from(value, (item) => writeValue(item, items)).join(",")}]`;
  }
  return typeof value === "object" ? writeObject(value, shape) : UNFIT;
}

function writeObject(value: object, shape: Shape): string {
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return writeValue(value.toJSON(), shape);
  }
  if (Symbol.iterator in value) return UNFIT;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  const written = fields.map(([name, field]) => {
    return `${JSON.stringify(name)}:${writeValue(field, shapeOf(name, shape))}`;
  });
  return `{${written.join(",")}}`;
}

function shapeOf(name: string, shape: Shape): Shape {
  if (shape === null || typeof shape !== "object") return null;
  if ("values" in shape) return shape.values;
  if (!("fields" in shape) || !Object.hasOwn(shape.fields, name)) return null;
  return shape.fields[name] ?? null;
}
