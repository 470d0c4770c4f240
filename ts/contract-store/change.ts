import type { ContractIdentity } from "../contract/check.js";
import { type Locate, unwrap } from "../failure.js";
import type { NativeQuery } from "../native.js";
import type { ContractUpdate, NodeContracts } from "./node-contracts.js";

/** What judged before, and what judges from now on. */
export interface ContractChange {
  from: ContractIdentity;
  to: ContractIdentity;
}

export async function changeContract(
  query: NativeQuery,
  contracts: NodeContracts,
  update: ContractUpdate | undefined,
  locate: Locate | undefined,
): Promise<ContractChange> {
  const { json, keep } = await contracts.resolved(update);
  const answer = await query.updateContract(json);
  const to = unwrap(answer, "to", locate);
  keep();
  return { from: unwrap(answer, "from", locate), to };
}
