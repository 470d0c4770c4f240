import { StreamingError } from "../errors.js";
import { invalidArgument } from "../failure.js";
import type { GovernanceService } from "../governance/clients.js";
import type { GovernanceContext, GovernancePlan, Operation } from "../governance/types.js";
import type { Logger } from "../logger.js";
import { defaultLogger, SafeLogger } from "../logger.js";
import { inputPort, outputPort } from "./contracts.js";
import { checkProductStatus, type LifecycleGates } from "./gates.js";

type Clients = Partial<Pick<GovernanceService, "contracts" | "dataProducts">>;

/** The client that was given, or that of the service. */
export function clientOf<K extends keyof Clients>(
  name: K,
  options: Clients & { governance?: GovernanceService },
): GovernanceService[K] {
  const client = options[name] ?? options.governance?.[name];
  if (client !== undefined) return client as GovernanceService[K];
  throw invalidArgument(`there is nobody to ask for ${name}`, {
    operation: "resolve",
    component: "stream",
    field: name,
    expected: "a client, or governance, which has one",
    actual: "neither",
  });
}

/** What governance makes of a context, once the data product that it names may be used. */
export async function resolvedPlan(
  operation: Operation,
  service: GovernanceService,
  context: GovernanceContext,
  options: LifecycleGates,
  enforce: boolean,
): Promise<{ plan: GovernancePlan; warnings: string[] }> {
  const gates = { ...context, ...options };
  const { inputBinding, outputBinding } = context;
  let warnings: string[] = [];
  if (operation === "read" && inputBinding !== undefined) {
    const { product } = await inputPort(service.dataProducts, inputBinding);
    warnings = checkProductStatus(product, gates, enforce);
  } else if (operation === "write" && outputBinding !== undefined) {
    const { product } = await outputPort(service.dataProducts, outputBinding);
    warnings = checkProductStatus(product, gates, enforce);
  }
  // Its state was looked at here: the service need not refuse what may only warn.
  const passed = { ...context, enforceDataProductStatus: false };
  return { plan: await service.governance.resolve(operation, passed), warnings };
}

/**
 * Tells governance, which may be down: then the stream goes on, and what was not told is answered.
 * What would fail again is thrown.
 */
export async function tellUnlessDown(
  what: string,
  tell: () => Promise<void>,
  logger: Logger = defaultLogger,
): Promise<string[]> {
  try {
    await tell();
    return [];
  } catch (error) {
    if (!StreamingError.is(error) || !error.retryable) throw error;
    new SafeLogger(logger).log("warn", { error }, `governance was not told ${what}`);
    return [`governance was not told ${what}: ${error.message}`];
  }
}
