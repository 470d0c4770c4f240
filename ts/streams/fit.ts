import type { StreamingNodeConfig } from "../config/types.js";
import type { ConfigIssue } from "../errors.js";
import { invalidArgument } from "../failure.js";
import type { ContractStream } from "./contract-stream.js";
import { isSameContract, type KnownContract } from "./contracts.js";
import type { StreamPlan } from "./stream-plan.js";
import { projection } from "./stream-step.js";

/** Holds the fields that a contract does not know, where the input asks for it. */
const EXTRA_COLUMN = "_extra";

/** Why the stream cannot be written under the contract, an issue a column. */
export function misfitIssues({ misfits, wanted, columns }: StreamPlan): ConfigIssue[] {
  return misfits.map(({ column, expected, actual }) => {
    const contract = wanted.find(({ name }) => name === column)?.odcsType;
    const there = columns.find(({ name }) => name === column)?.odcsType;
    return {
      operation: "write",
      component: "stream",
      code: "CONTRACT_VIOLATED",
      field: column,
      expected: `${contract} (${expected})`,
      actual: there === undefined ? "no such column" : `${there} (${actual})`,
      details:
        there === undefined
          ? "it is required: add it by withColumn or select"
          : "CAST it by withColumn",
    };
  });
}

/** One line: what is missing, or of another type. */
export function misfitText({ field, expected, actual }: ConfigIssue): string {
  return actual === "no such column"
    ? `missing required column: ${field}`
    : `column ${field}: expected ${expected}, got ${actual}`;
}

type Read = Pick<StreamingNodeConfig, "input" | "transforms" | "contract">;

/**
 * What a node reads, so that exactly the contract's columns come out of it: those that the stream
 * lacks are NULL, others are left out.
 */
export function nodeRead(stream: ContractStream, contract: KnownContract, plan: StreamPlan): Read {
  const { origin, steps } = stream;
  const transforms = steps.map(({ transform }) => transform);
  if (steps.length === 0 && isSameContract(origin.contract, contract)) {
    const { contract: _, ...input } = origin.input;
    return { input, contract: contract.source };
  }
  const names = plan.columns.map(({ name }) => name);
  const kept = names.filter((name) => name === extraOf(stream) || isWanted(plan, name));
  if (kept.length === 0) throw nothingInCommon(plan);
  if (steps.length === 0 || kept.length < names.length) transforms.push(projection(kept));
  return { input: origin.input, transforms, contract: contract.source };
}

function nothingInCommon({ wanted, columns }: StreamPlan): Error {
  const listed = (of: StreamPlan["columns"]) => of.map(({ name }) => name).join(", ");
  return invalidArgument("the stream has none of the contract's columns", {
    operation: "write",
    component: "stream",
    field: "contract",
    expected: `one of ${listed(wanted)}`,
    actual: listed(columns),
  });
}

function extraOf({ origin }: ContractStream): string | undefined {
  return origin.input.unknownFields === "extra" ? EXTRA_COLUMN : undefined;
}

function isWanted({ wanted }: StreamPlan, name: string): boolean {
  return wanted.some((column) => column.name === name);
}
