import { toIssue } from "../config/issue.js";
import { type Path, pathText } from "../config/spelling.js";
import type { StreamingValidationError } from "../errors.js";
import { invalidConfig } from "../failure.js";
import type { NativeContractIssue } from "../native.js";
import { type ContractText, parseContract } from "./document.js";

/** One place of a contract that departs from the standard. */
export interface ContractFinding {
  /** Path in the contract; empty for all of it. */
  path: string;
  expected: string;
  actual: string;
  /** What to do about it. */
  suggestion?: string;
  /** From 1, as is the column; absent for a contract that was given as an object. */
  line?: number;
  column?: number;
}

export interface ContractFindings {
  /** Why the contract cannot be used. */
  errors: readonly ContractFinding[];
  /** What the official JSON schema of its version refuses, and Headgate does not. */
  warnings: readonly ContractFinding[];
}

/** What the engine refuses is an error; what only the standard refuses, a warning. */
export async function findingsOf(
  { text, file }: ContractText,
  issues: readonly NativeContractIssue[],
): Promise<ContractFindings> {
  const { value, fault, placeOf } = parseContract(text);
  const { lint } = await import("./lint.js"); // The compiler of JSON schemas takes its time.
  const linted = fault === undefined ? lint(value) : [];
  const suggestions = new Map(linted.map(({ path, suggestion }) => [pathText(path), suggestion]));
  const place = (path: Path, of: "key" | "value") => (file === undefined ? {} : placeOf(path, of));
  const errors = issues.map(({ line, ...issue }) => {
    const suggestion = suggestions.get(issue.path);
    const said = suggestion === undefined ? issue : { ...issue, suggestion };
    if (issue.path !== "") return { ...said, ...place(pathFrom(issue.path), "value") };
    return line === undefined || file === undefined ? said : { ...said, line };
  });
  const refused = new Set(issues.map(({ path }) => path));
  const warnings = linted
    .filter(({ path }) => !refused.has(pathText(path)))
    .map(({ path, of, ...said }) => ({ path: pathText(path), ...said, ...place(path, of) }))
    .sort(byPlace);
  if (fault !== undefined && errors.length === 0) {
    warnings.push({ path: "", expected: "YAML 1.2", actual: fault });
  }
  return { errors, warnings };
}

/** The error of a contract that the engine refuses. */
export async function invalidContract(
  contract: ContractText,
  refused: readonly NativeContractIssue[],
): Promise<StreamingValidationError> {
  const { errors } = await findingsOf(contract, refused);
  const issues = errors.map(({ path, expected, actual, suggestion, line, column = 1 }) => {
    const { file } = contract;
    const position = file === undefined || line === undefined ? undefined : { file, line, column };
    const said = { code: "CONTRACT_INVALID" as const, expected, actual, details: suggestion };
    return { ...toIssue({ ...said, path: pathFrom(path) }, position), component: "contract" };
  });
  return invalidConfig({ issues });
}

function byPlace(a: ContractFinding, b: ContractFinding): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** The keys of `schema[0].properties`. */
function pathFrom(text: string): Path {
  const keys = text.match(/[^.[\]]+/g) ?? [];
  return keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}
