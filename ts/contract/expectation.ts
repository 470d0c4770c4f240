import type { JsonSchema } from "./standard.js";

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

const FORMATS: Readonly<Record<string, string>> = {
  date: "a date such as 2026-01-31",
  "date-time": "a time such as 2026-01-31T12:00:00Z",
  uri: "a URI with its scheme",
};

/** In words, what a JSON schema asks of a value, as far as its own keywords tell. */
export function expectation(root: JsonSchema, schema: JsonSchema): string | undefined {
  const whole = resolve(root, schema);
  const { type, format, pattern, minItems, maxItems, minimum, uniqueItems } = whole;
  if (Array.isArray(whole.enum)) return valuesText(whole.enum);
  if ("const" in whole) return valuesText([whole.const]);
  if (typeof format === "string") return FORMATS[format] ?? `the format ${format}`;
  if (pattern !== undefined) return `text that matches ${pattern}`;
  if (minItems !== undefined) return `at least ${minItems} items`;
  if (maxItems !== undefined) return `at most ${maxItems} items`;
  if (minimum !== undefined) return `${minimum} or more`;
  if (uniqueItems !== undefined) return "items that differ";
  if (type === undefined) return undefined;
  const types = Array.isArray(type) ? type : [type];
  return types.map((each) => TYPES[String(each)] ?? "a value").join(" or ");
}

function valuesText(values: readonly unknown[]): string {
  const [first, ...more] = values.map((value) => JSON.stringify(value));
  return more.length === 0 ? `${first}` : `one of ${[first, ...more].join(", ")}`;
}

/** Every key that an object may have under some circumstances, and what it then is. */
export function propertiesOf(root: JsonSchema, schema: JsonSchema): Map<string, JsonSchema> {
  const { $ref, properties, allOf, anyOf, oneOf, then, else: otherwise } = schema;
  const referred = $ref === undefined ? [] : [referredBy(root, $ref)];
  const inner = [referred, allOf, anyOf, oneOf, then, otherwise].flat().filter(isMapping);
  const own = isMapping(properties) ? Object.entries(properties) : [];
  const known = own.map(([key, property]) => [key, isMapping(property) ? property : {}] as const);
  return new Map([...known, ...inner.flatMap((each) => [...propertiesOf(root, each)])]);
}

function resolve(root: JsonSchema, schema: JsonSchema): JsonSchema {
  return schema.$ref === undefined ? schema : { ...referredBy(root, schema.$ref), ...schema };
}

/** `#/$defs/Team`: the only form of reference in the standard. */
function referredBy({ $defs }: JsonSchema, ref: unknown): JsonSchema {
  const name = String(ref).split("/").at(-1) ?? "";
  const found = isMapping($defs) ? $defs[name] : undefined;
  return isMapping(found) ? found : {};
}
