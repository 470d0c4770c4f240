import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { z } from "zod";
import { governanceError } from "../governance/fault.js";
import { hashOf, type TokenEntry } from "./http/tokens.js";
import { DEFAULTS, type ServeSettings, serveOptions } from "./options.js";

const PREFIX = "HEADGATE_SERVE_";
const partial = serveOptions.partial();
type Given = z.input<typeof partial>;

/** What is said on the command line holds before the environment, the environment before the file. */
export async function settingsOf(
  flags: Given,
  environment: Readonly<Record<string, string | undefined>>,
  file?: string,
): Promise<{ settings: ServeSettings; tokenEntries: readonly TokenEntry[] }> {
  const inFile = file === undefined ? {} : checked(await readYaml(file), file);
  const inEnvironment = checked(fromEnvironment(environment), "the environment");
  const given = { ...inFile, ...inEnvironment, ...checked(flags, "the command line") };
  const settings: ServeSettings = { ...DEFAULTS, ...given } as ServeSettings;
  const { token_file: tokenFile } = settings;
  const tokenEntries = tokenFile === undefined ? [] : tokensOf(await read(tokenFile), tokenFile);
  return { settings, tokenEntries };
}

/** `HEADGATE_SERVE_PORT`; of lists the items are separated by commas. */
function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): object {
  const given = Object.entries(environment).filter(
    ([name, value]) => name.startsWith(PREFIX) && value !== undefined && value !== "",
  );
  return Object.fromEntries(
    given.map(([name, value = ""]) => {
      const key = name.slice(PREFIX.length).toLowerCase();
      const items = value.split(",").map((item) => item.trim());
      if (key === "lakes") return [key, items.map(lakeOf)];
      const isList = key in DEFAULTS && Array.isArray(DEFAULTS[key as keyof typeof DEFAULTS]);
      return [key, isList ? items : value];
    }),
  );
}

/** `table`, or `dataset=table`. */
export function lakeOf(text: string): { table: string; dataset?: string } {
  const [, dataset, table] = /^([^=/:]+)=(.+)$/.exec(text) ?? [];
  return dataset === undefined || table === undefined ? { table: text } : { dataset, table };
}

/** A line each: a name, its scopes and the token; `#` begins a comment. */
export function tokensOf(text: string, file: string): readonly TokenEntry[] {
  const lines = text.split("\n").map((line) => line.replace(/^\s*#.*$/, "").trim());
  return lines.flatMap((line, at) => {
    if (line === "") return [];
    const [, name = "", scopes = "", token = ""] =
      /^(\S+)\s+(\S+)\s+([\x21-\x7e]{16,})$/.exec(line) ?? [];
    const named = scopes.split(",");
    const isKnown = (scope: string) => scope === "read" || scope === "write";
    if (token === "" || !named.every(isKnown)) {
      throw refused(
        `${file}:${at + 1}`,
        "token_file",
        "a line such as: console read,write <token>",
        {
          actual: "another line",
          details: "a token has 16 visible characters or more",
        },
      );
    }
    return [{ name, scopes: named as TokenEntry["scopes"], sha256: hashOf(token) }];
  });
}

function checked(given: object, where: string): Partial<ServeSettings> {
  const { data, error } = partial.safeParse(given);
  if (data !== undefined) return data as Partial<ServeSettings>;
  const [issue] = error.issues;
  const field = issue?.path.join(".") || keyOf(issue);
  throw refused(where, field, issue?.message ?? "a setting of `headgate serve`", {
    actual: issue?.code === "unrecognized_keys" ? "an unknown key" : "another value",
    details: "`headgate serve --help` lists all settings",
  });
}

function keyOf(issue: z.core.$ZodIssue | undefined): string {
  return issue?.code === "unrecognized_keys" ? issue.keys.join(", ") : "";
}

async function readYaml(file: string): Promise<object> {
  const text = await read(file);
  try {
    return (parse(text) as object | null) ?? {};
  } catch (cause) {
    throw refused(file, "", "YAML", { actual: "something else", cause });
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw refused(file, "", "a file that this process may read", { actual: "none", cause });
  }
}

function refused(
  where: string,
  field: string,
  expected: string,
  said: { actual: string; details?: string; cause?: unknown },
): Error {
  return governanceError("CONFIG_VALUE", `${where} cannot be used`, {
    operation: "serve",
    field,
    expected,
    ...said,
  });
}
