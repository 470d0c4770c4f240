import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashOf } from "../../../ts/service/http/tokens.ts";
import { lakeOf, settingsOf } from "../../../ts/service/settings.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "headgate-settings-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test("the command line holds before the environment, the environment before the file", async () => {
  const config = await file("serve.yaml", "port: 1\nhost: 127.0.0.2\nmax_connections: 5\n");
  const environment = {
    HEADGATE_SERVE_PORT: "2",
    HEADGATE_SERVE_HOST: "127.0.0.3",
    HEADGATE_SERVE_LAKES: "rides=s3://lake/rides, ./lake/pings",
    HEADGATE_SERVE_ALLOWED_HOSTS: "a.example,b.example",
    HOME: "/root",
  };
  const { settings } = await settingsOf({ port: 3 }, environment, config);
  expect(settings).toMatchObject({
    port: 3,
    host: "127.0.0.3",
    max_connections: 5,
    store: "./headgate-governance",
    lakes: [{ dataset: "rides", table: "s3://lake/rides" }, { table: "./lake/pings" }],
    allowed_hosts: ["a.example", "b.example"],
  });
});

test.each([
  ["pot: 1", "pot"],
  ["port: 70000", "port"],
  ["tokens: [{ name: a, scopes: [admin], sha256: x }]", "tokens.0.scopes.0"],
  ["port: [", ""],
])("a file of %j is refused, by its place", async (text, field) => {
  const config = await file("serve.yaml", text);
  const refused = settingsOf({}, {}, config);
  await expect(refused).rejects.toMatchObject({ code: "CONFIG_VALUE", context: { field } });
});

test("tokens of a file are kept as hashes", async () => {
  const tokens = await file(
    "tokens",
    "# who may do what\nconsole read 0123456789abcdef\n\ngate read,write fedcba9876543210\n",
  );
  const { tokenEntries, settings } = await settingsOf({ token_file: tokens }, {});
  expect(tokenEntries).toEqual([
    { name: "console", scopes: ["read"], sha256: hashOf("0123456789abcdef") },
    { name: "gate", scopes: ["read", "write"], sha256: hashOf("fedcba9876543210") },
  ]);
  expect(JSON.stringify(settings)).not.toContain("0123456789abcdef");
});

test.each(["console read short", "console admin 0123456789abcdef", "0123456789abcdef"])(
  "a line of %j is refused without saying it",
  async (line) => {
    const tokens = await file("tokens", `${line}\n`);
    const error = await settingsOf({ token_file: tokens }, {}).catch((error) => error);
    expect(error.code).toBe("CONFIG_VALUE");
    expect(JSON.stringify(error)).not.toContain(line);
  },
);

test("a lake may have a name of its own", () => {
  expect(lakeOf("s3://lake/a=b/c")).toEqual({ table: "s3://lake/a=b/c" });
  expect(lakeOf("rides=./lake")).toEqual({ dataset: "rides", table: "./lake" });
});
