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
interface Difference {
  exchanges: string[];
  /** Path in the answer: `details.errors`. */
  path: string;
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

/** Every path at which two answers differ; null and absent are the same to dc43. */
function differing(expected: unknown, actual: unknown, path = ""): string[] {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null;
  if (!isObject(expected) || !isObject(actual)) {
    return (expected ?? null) === (actual ?? null) ? [] : [path];
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap((key) =>
    differing(expected[key], actual[key], path === "" ? key : `${path}.${key}`),
  );
}

function isBelow(path: string, pattern: string): boolean {
  return pattern === "" || path === pattern || path.startsWith(`${pattern}.`);
}

function isIntended(name: string, path: string): boolean {
  return differences.some(({ exchanges, path: pattern }) => {
    const meant = exchanges.includes(name);
    return meant && isBelow(path, pattern);
  });
}

const used = new Set<string>();

test.each(pairs.map((pair) => [pair.name, pair] as const))("%s", async (name, pair) => {
  const answer = await replay(pair);
  expect(answer.status).toBe(pair.response.status);
  const found = differing(pair.response.json, answer.json);
  for (const path of found) used.add(`${name} ${path}`);
  expect(found.filter((path) => !isIntended(name, path))).toEqual([]);
});

test("every difference on the list is one", () => {
  const idle = differences.filter(
    ({ exchanges, path }) =>
      ![...used].some((each) => {
        const [name = "", at = ""] = each.split(" ");
        const meant = exchanges.includes(name);
        return meant && isBelow(at, path);
      }),
  );
  expect(idle).toEqual([]);
});
