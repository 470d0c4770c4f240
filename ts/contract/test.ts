import type { ContractDocument } from "../config/types.js";
import type { StreamingValidationError } from "../errors.js";
import { invalidArgument, unwrap } from "../failure.js";
import { locateFunctions, nativeFunctions } from "../functions.js";
import { withoutNulls } from "../json.js";
import { defaultLogger, SafeLogger } from "../logger.js";
import { native } from "../native.js";
import { answerRuleCalls, type RuleHooks } from "../rules.js";
import type { RuleCoverage } from "../validate.js";
import type { BatchStatus } from "../verdict.js";
import type { ContractIdentity } from "./check.js";
import { readContract } from "./document.js";
import { invalidContract } from "./findings.js";

/** What one rule of a contract found in the data. */
export interface TestedRule {
  rule: string;
  /** Path of the column; absent for rules of the whole row or batch. */
  column?: string;
  severity: "block" | "warn" | "info";
  scope: "batch" | "window" | "stream";
  /** True when it was measured by a sketch, and not exactly. */
  estimated: boolean;
  /** Whether a row that breaks it would be rejected. */
  routesRows: boolean;
  violations: number;
  /** What a rule of the whole data measured: a count, a percentage. */
  measured?: number;
  /** Why it could not be checked on all rows, which is a violation more. */
  unmeasured?: string;
  /** The first that broke it: lines of a file, numbers of rows elsewhere, both from 1. */
  rows: readonly number[];
}

export interface ContractTestReport {
  /** True when no rule of severity `block` was broken and every record became a row. */
  ok: boolean;
  contract: ContractIdentity;
  source: string;
  format: "json" | "parquet" | "delta";
  /** Of the Delta table, that was read. */
  version?: number;
  rows: number;
  violatingRows: number;
  /** `block`, too, if a record is undecodable. */
  status: BatchStatus;
  undecodable: {
    count: number;
    samples: readonly { line: number; kind: string; message: string }[];
  };
  rules: readonly TestedRule[];
  notEnforced: readonly Pick<RuleCoverage, "path" | "rule" | "reason" | "line">[];
}

export interface ContractTestOptions extends RuleHooks {
  /** Which schema object of the document; needed when there are several. */
  schema?: string;
  /** Default: `json` for files named so (or `.jsonl`, `.ndjson`), `parquet` for `.parquet`, else `delta`. */
  format?: "json" | "parquet" | "delta";
  /** Of a Delta table, as far back as its log goes; default: the newest. */
  version?: number;
  /** How many rows to name of each rule, and of the undecodable records; default 5. */
  samples?: number;
}

const DEFAULT_SAMPLES = 5;

/**
 * Holds data that is at rest against a contract: a file of JSON lines, a Parquet file or a Delta
 * table. Violations are answered; a contract or data that cannot be used is thrown.
 */
export async function testContract(
  contract: string | ContractDocument,
  data: string,
  { schema, format, version, samples = DEFAULT_SAMPLES, ...hooks }: ContractTestOptions = {},
): Promise<ContractTestReport> {
  if (version !== undefined && !Number.isSafeInteger(version)) throw noVersion(version);
  const document = await readContract(contract);
  const rules = nativeFunctions("rules", hooks.rules, hooks.ruleTimeoutMs);
  const { NativeContractTrial } = native();
  const options = { contract: document.text, schema, path: data, format, version, samples, rules };
  const trial = new NativeContractTrial(options);
  const calls = rules && answerRuleCalls(trial, hooks, new SafeLogger(defaultLogger));
  const [answer] = await Promise.all([trial.run(), calls]);
  if (answer.issues.length > 0) throw await invalidContract(document, answer.issues);
  const report: Omit<ContractTestReport, "ok"> = withoutNulls(
    unwrap(answer, "resultJson", locateFunctions()),
  );
  return { ok: report.status !== "block", ...report };
}

function noVersion(version: number): StreamingValidationError {
  return invalidArgument("a version of a table is a whole number", {
    operation: "contract test",
    component: "contract",
    field: "version",
    expected: "a whole number",
    actual: String(version),
  });
}

/** Broken, and severe enough to block. */
export function isBlocking({ severity, violations }: TestedRule): boolean {
  return severity === "block" && violations > 0;
}
