import type { StreamingBatch } from "../batch.js";
import type { StreamingNodeConfig, TableConfig } from "../config/types.js";
import { invalidArgument } from "../failure.js";
import type { LifecycleGates } from "./gates.js";

/** Where rows go, and by which names governance knows the tables. */
export interface ViolationPlan {
  onViolation: NonNullable<StreamingNodeConfig["onViolation"]>;
  output: TableConfig;
  datasetId: string;
  rejects?: StreamingNodeConfig["rejects"];
  rejectsDatasetId?: string;
}

/** What becomes of rows that break the contract, and which contracts may be written under. */
export interface WriteViolationStrategy extends LifecycleGates {
  /** Makes its own of what `enforce`, `output` and `rejects` say. */
  plan(write: ViolationPlan): ViolationPlan;
  /** Why a batch that was written makes the result not ok all the same. */
  faultOf?(batch: StreamingBatch): string | undefined;
}

export interface SplitOptions extends LifecycleGates {
  /** Of the table of rows that hold. Empty: the output itself. Default: `valid`. */
  validSuffix?: string;
  /** Default: `reject`. */
  rejectSuffix?: string;
  /** Before the suffix in the names of datasets. Default: `::`. */
  datasetSuffixSeparator?: string;
  /** Default: true, but for `writePrimaryOnViolation`. */
  includeValid?: boolean;
  /** Default: true. */
  includeReject?: boolean;
  /** Writes all rows to the output, and copies of those that broke the contract to the rejects. Default: false. */
  writePrimaryOnViolation?: boolean;
}

/** Leaves it to `enforce`: true blocks the batch, false lets its rows pass. */
export function noOpWriteViolationStrategy(gates: LifecycleGates = {}): WriteViolationStrategy {
  return { ...gates, plan: (write) => write };
}

/**
 * Rows that hold go to one table, those that do not to another: `events_valid` and `events_reject`,
 * as the datasets `events::valid` and `events::reject`, in clean batches, too. A `rejects` of the
 * write says itself where that table is. Throws for combinations in which rows would be lost.
 */
export function splitWriteViolationStrategy(options: SplitOptions = {}): WriteViolationStrategy {
  const { validSuffix = "valid", rejectSuffix = "reject", datasetSuffixSeparator = "::" } = options;
  const { writePrimaryOnViolation: primary = false, includeReject = true } = options;
  const { includeValid = !primary, ...gates } = options;
  if (rejectSuffix === "" || rejectSuffix === validSuffix) {
    throw refused("rejectSuffix", "a suffix that is not empty, and not validSuffix", rejectSuffix);
  }
  if (!includeReject) throw refused("includeReject", "true: no row is dropped", "false");
  if (primary === includeValid) {
    const expected = primary
      ? "false: rows are in the output, or in the table of valid ones"
      : "true, or writePrimaryOnViolation: no row is dropped";
    throw refused("includeValid", expected, String(includeValid));
  }
  const dataset = (id: string, suffix: string) =>
    suffix === "" ? id : `${id}${datasetSuffixSeparator}${suffix}`;
  const kept = primary ? "" : validSuffix;
  return {
    ...gatesOf(gates),
    plan: ({ output, datasetId, rejects }) => ({
      onViolation: primary ? "allow" : "split",
      output: suffixed(output, kept),
      datasetId: dataset(datasetId, kept),
      rejects: rejects ?? suffixed(output, rejectSuffix),
      rejectsDatasetId: dataset(datasetId, rejectSuffix),
    }),
  };
}

/** All rows go to the output, with the rules that they broke in the column `_violations`. */
export function flagWriteViolationStrategy(
  options: LifecycleGates & { columnName?: string } = {},
): WriteViolationStrategy {
  const { columnName = "_violations", ...gates } = options;
  if (columnName !== "_violations") throw refused("columnName", "_violations", columnName);
  return { ...gates, plan: (write) => ({ ...write, onViolation: "flag" }) };
}

/**
 * As `base`, but a batch with violations, or one that warned if `failOnWarnings`, makes the result
 * not ok for good. What `base` writes is written.
 */
export function strictWriteViolationStrategy(
  options: LifecycleGates & {
    /** Default: {@link noOpWriteViolationStrategy}. */
    base?: WriteViolationStrategy;
    /** Default: false. */
    failOnWarnings?: boolean;
    failureMessage?: string;
  } = {},
): WriteViolationStrategy {
  const { base = noOpWriteViolationStrategy(), failOnWarnings = false, ...said } = options;
  const { failureMessage = "the contract was violated", ...gates } = said;
  return {
    ...base,
    ...gates,
    plan: (write) => base.plan(write),
    faultOf: (batch) => {
      const isFault = batch.violations > 0 || (failOnWarnings && batch.status === "warn");
      return base.faultOf?.(batch) ?? (isFault ? failureMessage : undefined);
    },
  };
}

/** A table beside `table`: one within another cannot be. */
function suffixed(table: TableConfig, suffix: string): TableConfig {
  if (suffix === "") return table;
  const { path, tableName } = table;
  if (path !== undefined) return { ...table, path: `${path.replace(/\/+$/, "")}_${suffix}` };
  if (tableName !== undefined) return { ...table, tableName: `${tableName}_${suffix}` };
  throw refused("output", "a path or a tableName that a suffix can be added to", "neither");
}

function gatesOf(options: SplitOptions): LifecycleGates {
  const { validSuffix, rejectSuffix, datasetSuffixSeparator, ...others } = options;
  const { includeReject, writePrimaryOnViolation, includeValid, ...gates } = others;
  return gates;
}

function refused(field: string, expected: string, actual: string): Error {
  return invalidArgument(`a violation strategy cannot be used: ${field}`, {
    operation: "start",
    component: "stream",
    field: `violationStrategy.${field}`,
    expected,
    actual,
  });
}
