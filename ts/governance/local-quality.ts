import type { ContractDocument } from "../config/types.js";
import { checkContract } from "../contract/check.js";
import type { RuleCoverage } from "../validate.js";
import type { DataQualityClient } from "./clients.js";
import { governanceError } from "./fault.js";
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
const WARNS = ["warning", "warn", "low", "minor", "trivial"];

/** The rules of a contract as the engine compiles them; their metrics are those of its batches. */
export class LocalQuality implements DataQualityClient {
  async expectations(contract: ContractDocument): Promise<readonly Expectation[]> {
    const { enforced } = await rulesOf(contract);
    const required = new Set(enforced.filter(isRequired).map(({ column }) => column));
    return enforced.map(({ rule, column }) => {
      const optional = column !== undefined && !required.has(column);
      const described = { key: rule, rule: kindOf(rule, column), optional };
      return column === undefined ? described : { ...described, column };
    });
  }

  async evaluate(contract: ContractDocument, observations: Observations): Promise<Validation> {
    const { enforced, others } = await rulesOf(contract);
    const { metrics, schema } = observations;
    const lenient = new Set(
      enforced.filter((rule) => warns(contract, rule)).map(({ rule }) => rule),
    );
    const missing =
      schema === undefined
        ? []
        : enforced
            .filter(isRequired)
            .filter(({ column = "" }) => !column.includes(".") && !(column in schema));
    const broken = Object.entries(metrics)
      .filter(([name, count]) => name.startsWith("violations.") && count > 0)
      .map(([name, count]) => ({ rule: name.slice("violations.".length), count }));
    const text = ({ rule, count }: { rule: string; count: number }) =>
      `${rule}: ${count} violations`;
    const errors = [
      ...missing.map(({ column }) => `missing required column: ${column}`),
      ...broken.filter(({ rule }) => !lenient.has(rule)).map(text),
    ];
    const warnings = broken.filter(({ rule }) => lenient.has(rule)).map(text);
    const notEnforced = others.map(({ rule, reason }) => ({ rule, reason }));
    const details = {
      expectation_plan: await this.expectations(contract),
      not_enforced: notEnforced,
    };
    const status = errors.length > 0 ? "block" : warnings.length > 0 ? "warn" : "ok";
    const said = { errors, warnings, metrics, schema: schema ?? {}, details };
    return { ok: errors.length === 0, status, ...said };
  }
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
