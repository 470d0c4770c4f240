import type { z } from "zod";
import type { StreamingErrorCode } from "../error-codes.js";
import type { ConfigIssue } from "../errors.js";
import type { NativeIssue } from "../native.js";
import { findings, toIssue } from "./issue.js";
import { nodeSchema } from "./schema.js";
import { type ConfigSource, objectSource } from "./source.js";
import { type Path, pathAs, toWire } from "./spelling.js";
import type { StreamingNodeConfig } from "./types.js";
import { yamlSource } from "./yaml-source.js";

/** A node whose names, types and enumerations hold, in the engine's form. */
export interface ConfigNode {
  name: string;
  json: string;
  /** An issue that the engine found in `json`, in the user's spelling and at its place. */
  locate(issue: NativeIssue): ConfigIssue;
}

export interface LoadedConfig {
  baseDir: string;
  nodes: readonly ConfigNode[];
  issues: readonly ConfigIssue[];
}

/** Reads a configuration: an object, or the path of a file with one node or a list of `queries`. */
export async function loadConfig(config: StreamingNodeConfig | string): Promise<LoadedConfig> {
  const source = typeof config === "string" ? await yamlSource(config) : objectSource(config);
  if (Array.isArray(source)) return { baseDir: process.cwd(), nodes: [], issues: source };
  const nodes: ConfigNode[] = [];
  const issues: ConfigIssue[] = [];
  shareStore(source);
  for (const path of nodePaths(source)) {
    const loaded = loadNode(source, path);
    if (Array.isArray(loaded)) issues.push(...loaded);
    else nodes.push(loaded);
  }
  issues.push(...strayKeys(source), ...noQuery(source), ...sameNames(source));
  return { baseDir: source.baseDir, nodes, issues };
}

/** Some keys of a node, none of which has to be there. */
export function loadPart(config: Partial<StreamingNodeConfig>): ConfigNode | ConfigIssue[] {
  return loadNode(objectSource(config), [], nodeSchema("camel").partial());
}

function loadNode(
  source: ConfigSource,
  prefix: Path,
  schema: z.ZodType = nodeSchema(source.spelling),
): ConfigNode | ConfigIssue[] {
  const value = prefix.reduce<unknown>((at, key) => Reflect.get(at as object, key), source.value);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const named = nameOf(value);
    return findings(parsed.error.issues, value).map((finding) => {
      const path = [...prefix, ...finding.path];
      const of = finding.code === "CONFIG_UNKNOWN_KEY" ? "key" : "value";
      return toIssue({ ...finding, path }, source.position(path, of), named);
    });
  }
  const name = nameOf(value) ?? "";
  const locate = ({ path: wirePath, code, ...said }: NativeIssue) => {
    const path = [...prefix, ...pathAs(wirePath, source.spelling)];
    const finding = { ...said, path, code: code as StreamingErrorCode };
    return toIssue(finding, source.position(path, "value"), name);
  };
  return { name, json: JSON.stringify(toWire(parsed.data)), locate };
}

const STORE = "contract_store";

function nodePaths(source: ConfigSource): Path[] {
  const queries = queriesOf(source);
  return queries === undefined ? [[]] : queries.map((_, index) => ["queries", index]);
}

/** The store at the top of a file is that of each query that names none. */
function shareStore(source: ConfigSource): void {
  const store: unknown = Reflect.get(Object(source.value), STORE);
  if (store === undefined) return;
  for (const query of queriesOf(source) ?? []) {
    if (typeof query === "object" && query !== null && !(STORE in query)) {
      Reflect.set(query, STORE, store);
    }
  }
}

/** A file with `queries` holds little else at its top. */
function strayKeys(source: ConfigSource): ConfigIssue[] {
  if (queriesOf(source) === undefined) return [];
  return Object.keys(source.value as object)
    .filter((key) => key !== "queries" && key !== STORE)
    .map((key) => {
      const said = { expected: `queries and ${STORE} alone`, actual: `"${key}"` };
      const finding = { path: [key], code: "CONFIG_UNKNOWN_KEY" as const, ...said };
      return toIssue(finding, source.position([key], "key"));
    });
}

function noQuery(source: ConfigSource): ConfigIssue[] {
  if (queriesOf(source)?.length !== 0) return [];
  const said = { expected: "at least one query", actual: "none" };
  const finding = { path: ["queries"], code: "CONFIG_MISSING" as const, ...said };
  return [toIssue(finding, source.position(["queries"], "value"))];
}

/** Two queries of one name would be two workers of one query, each fencing the other. */
function sameNames(source: ConfigSource): ConfigIssue[] {
  const names = queriesOf(source)?.map(nameOf) ?? [];
  return names.flatMap((name, index) => {
    if (name === undefined || names.indexOf(name) === index) return [];
    const path = ["queries", index, "name"];
    const said = { expected: "a name that no other query of the file has", actual: `"${name}"` };
    const finding = { path, code: "CONFIG_CONFLICT" as const, ...said };
    return [toIssue(finding, source.position(path, "value"), name)];
  });
}

function queriesOf({ spelling, value }: ConfigSource): unknown[] | undefined {
  if (spelling !== "snake" || typeof value !== "object" || value === null) return undefined;
  const queries: unknown = Reflect.get(value, "queries");
  return Array.isArray(queries) ? queries : undefined;
}

function nameOf(value: unknown): string | undefined {
  const name: unknown = typeof value === "object" && value ? Reflect.get(value, "name") : undefined;
  return typeof name === "string" ? name : undefined;
}
