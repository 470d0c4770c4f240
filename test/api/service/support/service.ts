import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningService, serve } from "../../../../ts/service/serve.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field.
export type Json = any;

export interface Answered {
  status: number;
  body: Json;
  headers: Headers;
}

/** A service of this process, and how a test asks it. */
export interface TestService extends RunningService {
  get(path: string, query?: Record<string, string | string[]>): Promise<Answered>;
  send(
    method: string,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<Answered>;
  /** Every item of every page. */
  all(path: string, query?: Record<string, string>): Promise<Json[]>;
}

export async function testService(
  settings: NonNullable<Parameters<typeof serve>[0]> = {},
): Promise<TestService> {
  const folder = settings.store ?? (await mkdtemp(join(tmpdir(), "headgate-service-")));
  const running = await serve({ store: folder, port: 0, log_level: "error", ...settings });
  const stop = async () => {
    await running.stop();
    if (settings.store === undefined) await rm(folder, { recursive: true, force: true });
  };
  return { ...running, ...asking(running.url), stop };
}

export function asking(url: string): Pick<TestService, "get" | "send" | "all"> {
  const get: TestService["get"] = async (path, query = {}) => {
    const address = new URL(`${url}${path}`);
    for (const [name, value] of Object.entries(query)) {
      for (const each of [value].flat()) address.searchParams.append(name, each);
    }
    return answered(await fetch(address));
  };
  return {
    get,
    async send(method, path, body, headers = {}) {
      const type = { "content-type": "application/json", ...headers };
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return answered(await fetch(`${url}${path}`, { method, headers: type, body: text }));
    },
    async all(path, query = {}) {
      const items: Json[] = [];
      for (let next: string | undefined; ; ) {
        const { body } = await get(path, { ...query, ...(next !== undefined && { cursor: next }) });
        items.push(...body.items);
        next = body.next;
        if (next === undefined) return items;
      }
    },
  };
}

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  const body = text === "" ? undefined : JSON.parse(text);
  return { status: response.status, body, headers: response.headers };
}
