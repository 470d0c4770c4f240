import { readFile } from "node:fs/promises";
import type { ContractStoreOptions } from "../config/types.js";
import { checkContract } from "../contract/check.js";
import { documentOf } from "../contract-store/document-store.js";
import { contractStore } from "../contract-store/open.js";
import { isDraftContract } from "../contract-store/select.js";
import { compareVersions } from "../governance/versions.js";
import { checkText } from "./contract-check.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";

export type StoreCommandOptions = OutputOptions & { store: string };

/** The variable of the environment that holds the token of a service. */
const TOKEN = "HEADGATE_CONTRACT_STORE_TOKEN";

/** Puts a contract into a store, if it can be used. */
export async function publishContract(file: string, options: StoreCommandOptions): Promise<number> {
  const output = new Output(options);
  const report = await checkContract(file);
  if (!report.ok) {
    if (output.isJson) output.event("contract_check", report);
    else output.line(checkText(file, report));
    return EXIT.unusable;
  }
  const document = documentOf({ text: await readFile(file, "utf8"), place: file });
  await contractStore(storeAt(options.store)).publish(document);
  const { id, version } = document;
  if (output.isJson) output.event("published", { id, version });
  else output.line(`${id} ${version} is in ${options.store}`);
  return EXIT.ok;
}

/** Lists the versions that a store has of a contract, the lowest first. */
export async function listVersions(id: string, options: StoreCommandOptions): Promise<number> {
  const output = new Output(options);
  const store = contractStore(storeAt(options.store));
  const versions = (await store.versions(id)).toSorted(compareVersions);
  for (const version of versions) {
    const found = await store.read(id, version);
    if (found === undefined) continue;
    const draft = isDraftContract(version, documentOf(found));
    if (output.isJson) output.event("version", { id, version, draft });
    else output.line(draft ? `${version}  draft` : version);
  }
  return versions.length > 0 ? EXIT.ok : EXIT.failed;
}

/** A path, the URL of a service, or the address of an object store. */
function storeAt(place: string): ContractStoreOptions {
  const token = process.env[TOKEN];
  if (/^https?:\/\//.test(place)) return token ? { url: place, token } : { url: place };
  return place.includes("://") ? { s3: place } : { path: place };
}
