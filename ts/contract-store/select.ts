import { isDeepStrictEqual } from "node:util";
import { nearest } from "../config/nearest.js";
import type { ContractDocument } from "../config/types.js";
import { compareVersions, isDraft, precedence } from "../governance/versions.js";
import { documentOf } from "./document-store.js";
import { type ContractStore, type StoredContract, storeError } from "./store.js";

/** A contract that a selector has led to. */
export interface SelectedContract extends StoredContract {
  version: string;
  document: ContractDocument;
}

/**
 * `latest` (the default) or `>=1.2`: the highest version that fits; drafts, which are versions such
 * as `2.0.0-draft` and documents of status `draft`, only when asked for. `1.2.0` or `==1.2.0`: that
 * one, draft or not. Throws `CONTRACT_NOT_FOUND` where the store has none that fits.
 */
export async function selectContract(
  store: ContractStore,
  id: string,
  selector = "latest",
  { drafts = false }: { drafts?: boolean } = {},
): Promise<SelectedContract> {
  const wanted = parsed(selector);
  if (wanted.operator === "==") {
    const found = await readAs(store, id, wanted.version);
    if (found !== undefined) return found;
  } else {
    const least = wanted.version;
    const fits = (version: string) =>
      (least === undefined || precedence(version, least) >= 0) && (drafts || !isDraft(version));
    const versions = (await store.versions(id)).filter(fits).toSorted(compareVersions);
    for (const version of versions.reverse()) {
      const found = await readAs(store, id, version);
      if (found !== undefined && (drafts || !isDraftContract(version, found.document)))
        return found;
    }
  }
  throw await notFound(store, id, selector, drafts);
}

/** By its version, or by its `status`. */
export function isDraftContract(version: string, { status }: ContractDocument): boolean {
  return isDraft(version) || (typeof status === "string" && status.toLowerCase() === "draft");
}

function parsed(selector: string): { operator: "==" | ">="; version: string } | Latest {
  const [, operator = "==", version = ""] = /^(==|>=)?\s*(\S+)$/.exec(selector.trim()) ?? [];
  if (operator === "==" && version === "latest") return { operator: "latest" };
  if (/^[\w][^<>=~^*,|\s]*$/.test(version)) {
    return { operator: operator === ">=" ? ">=" : "==", version };
  }
  throw storeError("CONFIG_VALUE", "a version cannot be selected so", {
    operation: "select",
    field: "version",
    expected: "latest, a version such as 1.2.0, ==1.2.0 or >=1.2",
    actual: JSON.stringify(selector),
  });
}

type Latest = { operator: "latest"; version?: undefined };

/** A document that names another id or version than it was filed under is refused. */
async function readAs(
  store: ContractStore,
  id: string,
  version: string,
): Promise<SelectedContract | undefined> {
  const found = await store.read(id, version);
  if (found === undefined) return undefined;
  const document = documentOf(found);
  const named = { id: document.id, version: document.version };
  if (isDeepStrictEqual(named, { id, version })) return { ...found, version, document };
  throw storeError("CONTRACT_INVALID", `${found.place} names another contract`, {
    operation: "select",
    expected: `id ${JSON.stringify(id)} and version ${JSON.stringify(version)}`,
    actual: `id ${JSON.stringify(named.id)} and version ${JSON.stringify(named.version)}`,
    details: found.place,
  });
}

async function notFound(store: ContractStore, id: string, selector: string, drafts: boolean) {
  const versions = (await store.versions(id)).toSorted(compareVersions);
  const there = versions.length === 0 ? "no version of it" : versions.join(", ");
  const meant = nearest(selector.replace(/^\W+/, ""), versions);
  const advice = meant === undefined ? [] : [`did you mean ${meant}?`];
  if (!drafts && versions.some(isDraft)) advice.push("drafts are selected with `drafts: true`");
  return storeError("CONTRACT_NOT_FOUND", `there is no contract ${id} ${selector}`, {
    operation: "select",
    expected: `a version of ${id} that fits ${selector}`,
    actual: there,
    details: advice.join("; ") || "publish it first, or name another version",
  });
}
