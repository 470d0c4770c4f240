import { type ConfigNode, type LoadedConfig, loadConfig } from "./config/load.js";
import type { StreamingNodeConfig } from "./config/types.js";
import { NodeContracts } from "./contract-store/node-contracts.js";
import type { StreamingValidationError } from "./errors.js";
import { invalidArgument, invalidConfig, unwrap } from "./failure.js";
import { locateFunctions, nativeFunctions } from "./functions.js";
import { interventionTerms, observerNames, type QueryHooks } from "./hooks.js";
import { attachLogger, defaultLogger, detachLogger, SafeLogger } from "./logger.js";
import { native } from "./native.js";
import { StreamingQuery } from "./query.js";
import { toRun } from "./run.js";
import type { LiveValidation } from "./validation-result.js";

/**
 * Starts a query. Resolves when its tables are open and it reads; rejects with a
 * `StreamingError` before any data moved. `config` is an object, or the path of a YAML file with
 * one query.
 */
export async function startQuery(
  config: StreamingNodeConfig | string,
  hooks: QueryHooks = {},
): Promise<StreamingQuery> {
  return startInto(config, hooks);
}

/** @internal Batches are recorded in `validation`. */
export async function startInto(
  config: StreamingNodeConfig | string,
  hooks: QueryHooks,
  validation?: LiveValidation,
): Promise<StreamingQuery> {
  const loaded = await loadConfig(config);
  if (loaded.issues.length > 0) throw invalidConfig(loaded);
  const [node, ...others] = loaded.nodes;
  if (node === undefined || others.length > 0) throw notOneQuery(config, loaded.nodes.length);
  return startNode(node, loaded, hooks, validation);
}

/** @internal */
export async function startNode(
  node: ConfigNode,
  { baseDir }: Pick<LoadedConfig, "baseDir">,
  hooks: QueryHooks,
  validation?: LiveValidation,
): Promise<StreamingQuery> {
  hooks.signal?.throwIfAborted();
  const logger = new SafeLogger(hooks.logger ?? defaultLogger);
  const terms = interventionTerms(hooks);
  const rules = nativeFunctions("rules", hooks.rules, hooks.ruleTimeoutMs);
  const transforms = nativeFunctions("transforms", hooks.transforms, hooks.transformTimeoutMs);
  attachLogger(logger, node.name);
  try {
    const contracts = new NodeContracts(node, { baseDir }, hooks.contractStore);
    const { json } = await contracts.resolved();
    const answer = await native().startQuery(json, {
      baseDir,
      hasIntervention: terms !== undefined,
      interventionTimeoutMs: terms?.timeoutMs,
      interventionFallback: terms?.fallback,
      observers: observerNames(hooks),
      rules,
      transforms,
    });
    const started = unwrap(answer, "query", locateFunctions(node.locate));
    attachLogger(logger, started.name);
    const run = toRun(started, json, baseDir);
    const said = { contracts, locate: node.locate };
    const query = new StreamingQuery(started, run, hooks, logger, said, validation);
    if (hooks.signal?.aborted) {
      await query.stop({ drain: false }).catch(() => {});
      throw hooks.signal.reason;
    }
    return query;
  } catch (error) {
    detachLogger(logger);
    throw error;
  }
}

function notOneQuery(
  config: StreamingNodeConfig | string,
  count: number,
): StreamingValidationError {
  const context = {
    operation: "start",
    component: "config",
    field: "queries",
    expected: "one query",
    actual: String(count),
    details: "start each from its own object, or the file with `headgate run`",
  };
  return invalidArgument(`${config}: expected one query, got ${count}`, context);
}
