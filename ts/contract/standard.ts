import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2019, type ErrorObject } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The official JSON schema of one minor version of the standard. */
export interface Standard {
  root: JsonSchema;
  /** All that is wrong with `data`, by the whole schema or by one that is part of it. */
  validate(data: unknown, part?: JsonSchema): readonly ErrorObject[];
}

const FILES: Readonly<Record<string, string>> = {
  "3.0": "odcs-json-schema-v3.0.2.json",
  "3.1": "odcs-json-schema-v3.1.0.json",
  "3.2": "odcs-json-schema-v3.2.0-DEV.json",
};
/** The newest that is released. */
export const RELEASED = "3.1";

const loaded = new Map<string, Standard>();

/** The schema that an `apiVersion` asks for, or else the newest; read and compiled on first use. */
export function standardOf(apiVersion: unknown): Standard {
  const file = FILES[minorOf(apiVersion)] ?? `${FILES[RELEASED]}`;
  const standard = loaded.get(file) ?? load(file);
  loaded.set(file, standard);
  return standard;
}

export function isOlder(apiVersion: unknown): boolean {
  return minorOf(apiVersion) === "3.0";
}

function minorOf(apiVersion: unknown): string {
  return /^v?(3\.\d+)(\.|$)/.exec(String(apiVersion))?.[1] ?? RELEASED;
}

function load(file: string): Standard {
  const root: JsonSchema = JSON.parse(readFileSync(join(__dirname, "standard", file), "utf8"));
  const ajv = new Ajv2019({
    ...{ allErrors: true, verbose: true, strict: false, validateSchema: false },
    // A contract is small: what takes time is to compile the schema.
    ...{ inlineRefs: false, code: { optimize: false } },
  });
  addFormats.default(ajv);
  return {
    root,
    validate(data, part = root) {
      const check = ajv.compile(part === root ? root : partOf(root, part));
      check(data);
      return check.errors ?? [];
    },
  };
}

const parts = new WeakMap<JsonSchema, JsonSchema>();

/** The same object for the same part, so that it is compiled once. */
function partOf({ $defs }: JsonSchema, part: JsonSchema): JsonSchema {
  const whole = parts.get(part) ?? { ...part, $defs };
  parts.set(part, whole);
  return whole;
}
