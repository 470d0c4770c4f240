import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type RunningService, serve } from "../../../ts/service/serve.ts";

// Recorded from dc43-service-backends 0.42.0.0 (Apache-2.0).
interface Exchange {
  name: string;
  request: { method: string; path: string; query: Record<string, unknown> | null; json: unknown };
  response: { status: number; json: unknown };
}
/** Each path in each place is the path of one value: `{a,b}` stands for both, and nothing for any. */
interface Difference {
  in: string[];
  paths: string[];
  reason: string;
}

const { pairs } = JSON.parse(
  readFileSync("test/api/governance/support/exchanges.json", "utf8"),
) as { pairs: Exchange[] };
const differences = parse(
  readFileSync("test/api/service/intended-differences.yaml", "utf8"),
) as Difference[];

let store: string;
let service: RunningService;
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "headgate-governance-"));
  service = await serve({ store, port: 0, log_level: "error" });
});
afterAll(async () => {
  await service.stop();
  await rm(store, { recursive: true, force: true });
});

async function replay({ request }: Exchange): Promise<{ status: number; json: unknown }> {
  const url = new URL(`${service.url}${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    url.searchParams.set(name, String(value));
  }
  const body = request.json === null ? {} : { body: JSON.stringify(request.json) };
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: request.method, headers, ...body });
  const text = await response.text();
  return { status: response.status, json: text === "" ? null : JSON.parse(text) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const isTime = (value: unknown) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value);

/** The path of every value that differs; null and absent are the same to dc43, and so are any two times. */
function differing(expected: unknown, actual: unknown, path: string): string[] {
  if (!isObject(expected) && !isObject(actual)) {
    const isSame = (expected ?? null) === (actual ?? null);
    return isSame || (isTime(expected) && isTime(actual)) ? [] : [path];
  }
  const [theirs, ours] = [membersOf(expected), membersOf(actual)];
  const keys = new Set([...theirs.keys(), ...ours.keys()]);
  // A list or an object without members is there, too.
  if (keys.size === 0) return isObject(expected) === isObject(actual) ? [] : [path];
  return [...keys].flatMap((key) => differing(theirs.get(key), ours.get(key), `${path}/${key}`));
}

/** Items of a list by what they are about, if that tells them apart; by their place otherwise. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  if (!isObject(value)) return new Map();
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const names = value.map((item, at) => nameOf(item) || String(at));
  const isClear = new Set(names).size === names.length;
  return new Map(value.map((item, at) => [isClear ? (names[at] ?? "") : String(at), item]));
}

function nameOf(item: unknown): string {
  const { property, name, kind, rule, constraint, column, field } = isObject(item) ? item : {};
  const told = [rule ?? constraint, column ?? field].filter((each) => each !== undefined);
  return String(property ?? name ?? kind ?? told.join(":"));
}

/** `a/{b,c}` is `a/b` and `a/c`. */
function expanded(pattern: string): string[] {
  const [all, before = "", inner = "", after = ""] = /^(.*?)\{(.*?)\}(.*)$/.exec(pattern) ?? [];
  return all === undefined
    ? [pattern]
    : inner.split(",").flatMap((each) => expanded(`${before}${each}${after}`));
}

const intended = differences.flatMap(({ in: places, paths }) =>
  places.flatMap(expanded).flatMap((place) => paths.flatMap(expanded).map((at) => place + at)),
);
const found = new Set<string>();

test.each(pairs.map((pair) => [pair.name, pair] as const))("%s", async (name, pair) => {
  const answer = await replay(pair);
  expect(answer.status).toBe(pair.response.status);
  const paths = differing(pair.response.json, answer.json, name);
  for (const path of paths) found.add(path);
  expect(paths.filter((path) => !intended.includes(path))).toEqual([]);
});

test("every difference on the list is one, and stands there once", () => {
  expect(intended.filter((path) => !found.has(path))).toEqual([]);
  expect(intended.filter((path, at) => intended.indexOf(path) !== at)).toEqual([]);
});
