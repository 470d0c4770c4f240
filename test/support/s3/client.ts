import { randomUUID } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { S3Access } from "./server.ts";

/** What tests do with a bucket themselves; nothing of it is shared with the engine. */
export class Bucket {
  readonly name: string;
  readonly #url: string;
  readonly #client: AwsClient;

  constructor(access: S3Access & { sessionToken?: string }, name: string) {
    this.name = name;
    this.#url = `${access.endpoint}/${name}`;
    this.#client = new AwsClient({ ...access, service: "s3", retries: 0 });
  }

  /** A bucket of its own for the caller. */
  static async create(access: S3Access): Promise<Bucket> {
    const bucket = new Bucket(access, `b-${randomUUID()}`);
    await succeeded(await bucket.request("PUT", ""));
    return bucket;
  }

  request(
    method: string,
    target: string,
    init: { body?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    return this.#client.fetch(`${this.#url}${target}`, { method, ...init });
  }

  put(key: string, body: string): Promise<Response> {
    return this.request("PUT", `/${key}`, { body });
  }

  putIfAbsent(key: string, body: string): Promise<Response> {
    return this.request("PUT", `/${key}`, { body, headers: { "if-none-match": "*" } });
  }

  async text(key: string): Promise<string> {
    return succeeded(await this.request("GET", `/${key}`));
  }

  /** In the order of the store, which is that of their bytes. */
  async keys(prefix = ""): Promise<string[]> {
    const found: string[] = [];
    let after = "";
    for (;;) {
      const query = new URLSearchParams({ "list-type": "2", prefix, "start-after": after });
      const page = await succeeded(await this.request("GET", `?${query}`));
      found.push(...elements(page, "Key"));
      if (!page.includes("<IsTruncated>true<")) return found;
      after = found.at(-1) ?? "";
    }
  }

  /** Keys of multipart uploads that were neither completed nor aborted. */
  async openUploads(): Promise<string[]> {
    return elements(await succeeded(await this.request("GET", "?uploads")), "Key");
  }
}

async function succeeded(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`the store answered ${response.status}: ${text}`);
  return text;
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(
    ([, text]) => text ?? "",
  );
}
