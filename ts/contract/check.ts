import type { ContractDocument } from "../config/types.js";
import { functionNames } from "../functions.js";
import { withoutNulls } from "../json.js";
import { native } from "../native.js";
import type { RuleFunctions } from "../rules.js";
import type { RuleCoverage } from "../validate.js";
import { readContract } from "./document.js";
import { type ContractFindings, findingsOf } from "./findings.js";

/** Identity of a contract; `hash` is of its meaning, not of its spelling. */
export interface ContractIdentity {
  id: string;
  version: string;
  hash: string;
}

export interface ContractReport extends ContractFindings {
  /** True without errors: the contract can be used. */
  ok: boolean;
  contract?: ContractIdentity;
  rules: readonly RuleCoverage[];
}

/**
 * Says of every rule of a contract whether it is enforced, and holds the document against the
 * official JSON schema of its version. What is wrong is answered, not thrown, but for a file that
 * cannot be read. A contract is the path of an ODCS document or the document itself.
 */
export async function checkContract(
  contract: string | ContractDocument,
  options: {
    /** One schema object of the document; default all of them. */
    schema?: string;
    /** Functions that custom rules may name; none of them is called. */
    rules?: RuleFunctions;
  } = {},
): Promise<ContractReport> {
  const document = await readContract(contract);
  const { schema, rules } = options;
  const answer = await native().checkContract(document.text, schema, functionNames("rules", rules));
  const { reportJson, issues } = answer;
  const checked: Checked = reportJson === undefined ? { rules: [] } : withoutNulls(reportJson);
  const findings = await findingsOf(document, issues);
  const isPlaced = document.file !== undefined;
  const told = isPlaced ? checked.rules : checked.rules.map(({ line, ...rule }) => rule);
  return { ok: findings.errors.length === 0, ...checked, rules: told, ...findings };
}

type Checked = Pick<ContractReport, "contract" | "rules">;
