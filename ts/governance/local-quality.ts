import type { ContractDocument } from "../config/types.js";
import { checkContract } from "../contract/check.js";
import type { RuleCoverage } from "../validate.js";
import type { Metrics } from "../verdict.js";
import type { DataQualityClient } from "./clients.js";
import { governanceError } from "./fault.js";
import { violationsText } from "./judge.js";
import type { Expectation, Observations, Validation } from "./types.js";

// dc43's words for the rules that it has, too.
const RULES: Readonly<Record<string, string>> = {
  required: "not_null",
  unique: "unique",
  minimum: "ge",
  maximum: "le",
  exclusive_minimum: "gt",
  exclusive_maximum: "lt",
  enum: "enum",
  invalid_values: "enum",
  pattern: "regex",
};
const WARNS = ["warning", "warn", "low", "minor", "trivial", "info"];

/** The rules of a contract as the engine compiles them; their metrics are those of its batches. */
export class LocalQuality implements DataQualityClient {
  async expectations(contract: ContractDocument): Promise<readonly Expectation[]> {
    return described((await rulesOf(contract)).enforced);
  }

  async evaluate(contract: ContractDocument, observations: Observations): Promise<Validation> {
    const { enforced, others } = await rulesOf(contract);
    const { metrics, schema = {} } = observations;
    const isThere = ({ column = "" }: RuleCoverage) => column.includes(".") || column in schema;
    const required = observations.schema === undefined ? [] : enforced.filter(isRequired);
    const missing = required.filter((rule) => !isThere(rule));
    const lenient = enforced.filter((rule) => warns(contract, rule)).map(({ rule }) => rule);
    const broken = brokenBy(metrics);
    const errors = [
      ...missing.map(({ column }) => `missing required column: ${column}`),
      ...broken.filter(({ rule }) => !lenient.includes(rule)).map(({ text }) => text),
    ];
    const warned = broken.filter(({ rule }) => lenient.includes(rule));
    const details = {
      expectation_plan: described(enforced),
      not_enforced: others.map(({ rule, reason }) => ({ rule, reason })),
    };
    const warnings = warned.map(({ text }) => text);
    const status = errors.length > 0 ? "block" : warnings.length > 0 ? "warn" : "ok";
    return { ok: status !== "block", status, errors, warnings, metrics, schema, details };
  }
}

/** Whatever counts violations, of whichever rule: none goes by unsaid. */
function brokenBy(metrics: Metrics): { rule: string; text: string }[] {
  return Object.entries(metrics).flatMap(([name, count]) => {
    const [, rule] = /^violations\.(.*)$/.exec(name) ?? [];
    return rule === undefined || count <= 0
      ? []
      : [{ rule, text: `${rule}: ${violationsText(count)}` }];
  });
}

function described(enforced: readonly RuleCoverage[]): readonly Expectation[] {
  const required = new Set(enforced.filter(isRequired).map(({ column }) => column));
  return enforced.map(({ rule, column }) => {
    const optional = column !== undefined && !required.has(column);
    const expectation = { key: rule, rule: kindOf(rule, column), optional };
    return column === undefined ? expectation : { ...expectation, column };
  });
}

async function rulesOf(contract: ContractDocument) {
  const { ok, rules, errors } = await checkContract(contract);
  if (ok) {
    const enforced = rules.filter(({ status }) => status === "enforced");
    return { enforced, others: rules.filter(({ status }) => status === "not_enforceable") };
  }
  const [{ path, expected, actual } = { path: "", expected: "a contract", actual: "none" }] =
    errors;
  throw governanceError("CONTRACT_INVALID", "the contract cannot be used", {
    operation: "evaluate",
    field: path,
    expected,
    actual,
  });
}

function isRequired({ rule, column }: RuleCoverage): boolean {
  return kindOf(rule, column) === "not_null";
}

/** `required_speed` is `not_null`. */
function kindOf(rule: string, column: string | undefined): string {
  const kind = column === undefined ? rule : rule.slice(0, -1 - column.length);
  return RULES[kind] ?? kind;
}

/** A rule of the quality section may be there to warn only. */
function warns(contract: ContractDocument, { path }: RuleCoverage): boolean {
  const keys = path.match(/[^.[\]]+/g) ?? [];
  const at = keys.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined,
    contract,
  );
  const severity: unknown =
    typeof at === "object" && at !== null ? Reflect.get(at, "severity") : "";
  return typeof severity === "string" && WARNS.includes(severity.toLowerCase());
}
