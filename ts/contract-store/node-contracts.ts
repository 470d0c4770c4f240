import type { ConfigNode } from "../config/load.js";
import type {
  ContractSource,
  ContractStoreOptions,
  StoredContractReference,
} from "../config/types.js";
import { type ConfigIssue, StreamingError, StreamingValidationError } from "../errors.js";
import { invalidConfig } from "../failure.js";
import { contractStore } from "./open.js";
import { selectContract } from "./select.js";
import type { ContractStore, StoredContract } from "./store.js";
import { contractAt } from "./url.js";

/** What a running query is moved to: another version of its contract, or another contract. */
export type ContractUpdate = ContractSource | Readonly<{ version: string }>;

/** Where a node may name contracts, as the engine spells it. */
const PLACES = [["contract"], ["shadow_contract"], ["rejects_contract"], ["input", "contract"]];

type Wire = Record<string, unknown>;

/**
 * The contracts of a node that are elsewhere, read before the engine has to know them: from a URL or a
 * store. Files and documents are left to the engine.
 */
export class NodeContracts {
  readonly #node: ConfigNode;
  readonly #baseDir: string;
  readonly #store: ContractStore | undefined;
  /** What the query was moved to last. */
  #contract: unknown;

  /** `store` is asked where neither a contract nor the node says another one. */
  constructor(node: ConfigNode, { baseDir }: { baseDir: string }, store?: ContractStore) {
    this.#node = node;
    this.#baseDir = baseDir;
    this.#store = store;
    this.#contract = this.#wire().contract;
  }

  /** The node as the engine takes it; each selector is resolved anew. Throws all that is wrong. */
  async resolved(update?: ContractUpdate): Promise<{ json: string; keep(): void }> {
    const { contract_store: defaults, ...wire } = this.#wire();
    const contract = update === undefined ? this.#contract : this.#updated(update);
    if (contract !== undefined) wire.contract = contract;
    const issues: ConfigIssue[] = [];
    for (const path of PLACES) {
      const parent = (path.length === 1 ? wire : wire.input) as Wire | undefined;
      const key = path.at(-1) ?? "";
      const source = parent?.[key];
      if (parent === undefined || source === undefined) continue;
      try {
        parent[key] = await this.#read(source, defaults as ContractStoreOptions | undefined);
      } catch (error) {
        if (!StreamingError.is(error)) throw error;
        issues.push(this.#issueOf(error, path));
      }
    }
    if (issues.length > 0) throw refusal(issues);
    const keep = () => {
      this.#contract = contract;
    };
    return { json: JSON.stringify(wire), keep };
  }

  #wire(): Wire {
    return JSON.parse(this.#node.json) as Wire;
  }

  #updated(update: ContractUpdate): unknown {
    if (typeof update !== "object" || !isVersionAlone(update)) return update;
    if (isStored(this.#contract)) return { ...this.#contract, version: update.version };
    throw invalidConfig({
      issues: [
        this.#node.locate({
          path: ["contract"],
          code: "CONFIG_CONFLICT",
          expected: "a contract by its id in a store, of which another version can be selected",
          actual: "a contract by its path, its URL or its content",
          details: "give the contract itself",
        }),
      ],
    });
  }

  async #read(source: unknown, defaults: ContractStoreOptions | undefined): Promise<unknown> {
    if (typeof source === "string") {
      return /^https?:\/\//.test(source) ? textOf(await contractAt({ url: source })) : source;
    }
    if (typeof source !== "object" || source === null || isDocument(source)) return source;
    const { schema, server } = source as { schema?: string; server?: string };
    const parts = { schema, server };
    if ("url" in source) {
      return { ...textOf(await contractAt(source as { url: string; token?: string })), ...parts };
    }
    if (!isStored(source)) return source;
    const { id, version, drafts } = source;
    const found = await selectContract(this.#storeOf(source, defaults), id, version, { drafts });
    return { ...textOf(found), ...parts };
  }

  #storeOf(
    { store }: StoredContractReference,
    defaults: ContractStoreOptions | undefined,
  ): ContractStore {
    const options = store ?? defaults;
    if (options !== undefined) return contractStore(options, { baseDir: this.#baseDir });
    if (this.#store !== undefined) return this.#store;
    throw new StreamingError("CONFIG_MISSING", "there is no contract store", {
      context: {
        operation: "select",
        component: "contract store",
        expected: "a contract store, since the contract is named by its id",
        actual: "none",
        details: "say contract_store (contractStore) once, or store with the contract",
      },
    });
  }

  #issueOf({ code, message, context }: StreamingError, path: readonly string[]): ConfigIssue {
    const { expected = "a contract", actual = message, details } = context;
    return this.#node.locate({ path: [...path], code, expected, actual, details });
  }
}

function textOf({ text, place }: StoredContract): StoredContract {
  return { text, place };
}

function isDocument(source: object): boolean {
  return "apiVersion" in source || "kind" in source;
}

function isStored(source: unknown): source is StoredContractReference {
  return typeof source === "object" && source !== null && !isDocument(source) && "id" in source;
}

function isVersionAlone(update: object): update is { version: string } {
  return "version" in update && !("id" in update) && !isDocument(update);
}

/** May be tried again if stores that were away are all that is wrong. */
function refusal(issues: readonly ConfigIssue[]): StreamingValidationError {
  const { code, message, context, issues: told } = invalidConfig({ issues });
  const retryable = issues.every((issue) => issue.code === "CONTRACT_STORE_UNAVAILABLE");
  return new StreamingValidationError(code, message, { context, issues: told, retryable });
}
