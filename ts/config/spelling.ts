/** How the keys of a configuration are written. The engine takes `snake`. */
export type Spelling = "snake" | "camel";

export type Path = readonly (string | number)[];

export function spell(camelKey: string, spelling: Spelling): string {
  return spelling === "camel" ? camelKey : toSnake(camelKey);
}

function toSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const DOCUMENTS = [
  "contract",
  ...["jsonSchema", "json_schema"],
  ...["shadowContract", "shadow_contract"],
  ...["rejectsContract", "rejects_contract"],
];

/** Whatever lies under these keys is passed as written. */
const VERBATIM: readonly (string | number)[] = ["options", ...DOCUMENTS];

/** The engine's path of a key, as the user spelled it. */
export function pathAs(path: readonly string[], spelling: Spelling): (string | number)[] {
  const verbatimFrom = path.findIndex((key) => VERBATIM.includes(key));
  return path.map((key, index) => {
    if (verbatimFrom >= 0 && index > verbatimFrom) return key;
    if (/^\d+$/.test(key)) return Number(key);
    if (path[index - 1] === "sinks") return key;
    return spelling === "snake" ? key : toCamel(key);
  });
}

/** `queries[1].input.options.subscribe`. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${key}` : key),
    "",
  );
}

/** The engine's form of a node that the schema accepted: snake_case keys, options as strings. */
export function toWire(value: unknown, key = ""): unknown {
  if (DOCUMENTS.includes(key) || key === "schema") return value;
  if (Array.isArray(value)) return value.map((item) => toWire(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (key === "options") {
    return Object.fromEntries(entries.map(([name, item]) => [name, String(item)]));
  }
  if (key === "sinks") {
    return Object.fromEntries(entries.map(([name, item]) => [name, toWire(item)]));
  }
  return Object.fromEntries(entries.map(([name, item]) => [toSnake(name), toWire(item, name)]));
}
