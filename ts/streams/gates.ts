import type { ContractDocument } from "../config/types.js";
import { StreamingValidationError } from "../errors.js";

/** Which contracts and data products may be used, by their `status`. */
export interface LifecycleGates {
  /** Default: `active`. */
  allowedContractStatuses?: readonly string[];
  /** Default: true. */
  allowMissingContractStatus?: boolean;
  /** Default: true. */
  contractStatusCaseInsensitive?: boolean;
  /** Says what is wrong in your words. */
  contractStatusFailureMessage?: string;
  /** False warns. Default: as `enforce`. */
  enforceContractStatus?: boolean;
  /** Default: `active`. */
  allowedDataProductStatuses?: readonly string[];
  /** Default: true. */
  allowMissingDataProductStatus?: boolean;
  /** Default: true. */
  dataProductStatusCaseInsensitive?: boolean;
  dataProductStatusFailureMessage?: string;
  /** False warns. Default: as `enforce`. */
  enforceDataProductStatus?: boolean;
}

/** A strategy's gates, but for those that the options of the write say themselves. */
export function mergedGates(strategy: LifecycleGates, options: LifecycleGates): LifecycleGates {
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...strategy, ...Object.fromEntries(said) };
}

interface Gate {
  of: string;
  field: string;
  allowed: readonly string[];
  allowsMissing: boolean;
  isFolded: boolean;
  message: string | undefined;
  isEnforced: boolean;
}

/** What there is to warn of. Throws `GOVERNANCE_REFUSED` where the gate is enforced. */
export function checkContractStatus(
  document: ContractDocument,
  gates: LifecycleGates,
  enforce: boolean,
): string[] {
  return check(document, {
    of: "contract",
    field: "allowedContractStatuses",
    allowed: gates.allowedContractStatuses ?? ["active"],
    allowsMissing: gates.allowMissingContractStatus ?? true,
    isFolded: gates.contractStatusCaseInsensitive ?? true,
    message: gates.contractStatusFailureMessage,
    isEnforced: gates.enforceContractStatus ?? enforce,
  });
}

/** As {@link checkContractStatus}, of a data product. */
export function checkProductStatus(
  document: ContractDocument,
  gates: LifecycleGates,
  enforce: boolean,
): string[] {
  return check(document, {
    of: "data product",
    field: "allowedDataProductStatuses",
    allowed: gates.allowedDataProductStatuses ?? ["active"],
    allowsMissing: gates.allowMissingDataProductStatus ?? true,
    isFolded: gates.dataProductStatusCaseInsensitive ?? true,
    message: gates.dataProductStatusFailureMessage,
    isEnforced: gates.enforceDataProductStatus ?? enforce,
  });
}

function check({ id, version, status }: ContractDocument, gate: Gate): string[] {
  const folded = (text: unknown) => (gate.isFolded ? String(text).toLowerCase() : String(text));
  const isMissing = status === undefined || status === null || status === "";
  if (isMissing && gate.allowsMissing) return [];
  if (!isMissing && gate.allowed.map(folded).includes(folded(status))) return [];
  const actual = isMissing ? "no status" : `status ${String(status)}`;
  const expected = gate.allowed.join(" or ");
  const message =
    gate.message ?? `${gate.of} ${id} ${version ?? ""} has ${actual}, not ${expected}`;
  if (!gate.isEnforced) return [message];
  const context = {
    operation: "gate",
    component: "stream",
    field: gate.field,
    expected,
    actual,
    details: "allow the status, or let it warn: enforce…Status: false",
  };
  const issues = [{ ...context, code: "GOVERNANCE_REFUSED" as const }];
  throw new StreamingValidationError("GOVERNANCE_REFUSED", message, { context, issues });
}
