import { type ConfigNode, loadConfig } from "./config/load.js";
import type { StreamingNodeConfig } from "./config/types.js";
import { NodeContracts } from "./contract-store/node-contracts.js";
import type { ContractStore } from "./contract-store/store.js";
import { type ConfigIssue, StreamingValidationError } from "./errors.js";
import { toError } from "./failure.js";
import { functionNames } from "./functions.js";
import { type NativeFailure, native } from "./native.js";
import type { RuleFunctions } from "./rules.js";
import type { TransformFunctions } from "./transforms.js";

/** What Headgate does about one rule of a contract. */
export interface RuleCoverage {
  /** Path in the contract: `schema[0].properties[2].logicalTypeOptions.pattern`. */
  path: string;
  rule: string;
  status: "enforced" | "not_enforceable" | "informational";
  /** Why it is not enforced. */
  reason?: string;
  /** Line in the contract, from 1. */
  line?: number;
  /** Path of the column that an enforced rule judges; absent for rules of the whole row or batch. */
  column?: string;
}

export interface ConfigReport {
  ok: boolean;
  issues: readonly ConfigIssue[];
  queries: readonly { name: string; coverage: readonly RuleCoverage[] }[];
}

/**
 * Checks a configuration and its contracts, read from where they are, without opening a broker or a table. Issues are
 * answered, not thrown; what is thrown is a failure to look at all. `rules` and
 * `transforms` are those that the query will be started with; none of them is called.
 */
export async function validateConfig(
  config: StreamingNodeConfig | string,
  {
    rules,
    transforms,
    contractStore,
  }: {
    rules?: RuleFunctions;
    transforms?: TransformFunctions;
    contractStore?: ContractStore;
  } = {},
): Promise<ConfigReport> {
  const ruleNames = functionNames("rules", rules);
  const transformNames = functionNames("transforms", transforms);
  const { baseDir, nodes, issues } = await loadConfig(config);
  const found = [...issues];
  const queries: { name: string; coverage: readonly RuleCoverage[] }[] = [];
  for (const node of nodes) {
    const json = await resolvedJson(node, baseDir, contractStore);
    if (typeof json !== "string") {
      found.push(...json);
      queries.push({ name: node.name, coverage: [] });
      continue;
    }
    const answer = native().validateConfig(json, baseDir, ruleNames, transformNames);
    const { issues, coverage, failure } = answer;
    found.push(...issues.map(node.locate));
    if (failure !== undefined && issues.length === 0) found.push(asIssue(failure, node));
    queries.push({ name: node.name, coverage });
  }
  return { ok: found.length === 0, issues: found, queries };
}

async function resolvedJson(node: ConfigNode, baseDir: string, store?: ContractStore) {
  try {
    return (await new NodeContracts(node, { baseDir }, store).resolved()).json;
  } catch (error) {
    if (StreamingValidationError.is(error)) return error.issues;
    throw error;
  }
}

function asIssue(failure: NativeFailure, { name, locate }: ConfigNode): ConfigIssue {
  const { code, context, message } = toError(failure, locate);
  const { expected = "a usable configuration", actual = message } = context;
  return { ...context, expected, actual, code, nodeName: name };
}
