import { answerCalls, UnusableAnswer } from "./functions.js";
import type { SafeLogger } from "./logger.js";
import type { NativeQuery, NativeRuleCall } from "./native.js";
import { type RuleValue, readValues } from "./rule-values.js";

/** The values of a property; of a rule of the schema object, its columns by their paths. */
export type RuleValues = readonly RuleValue[] | { readonly [column: string]: readonly RuleValue[] };

export interface RuleContext {
  /** Its id. */
  rule: string;
  /** As the contract has them. */
  arguments: Readonly<Record<string, unknown>>;
  /** Aborts at the deadline; an answer after it is ignored. */
  signal: AbortSignal;
}

/** Indices of rows that break the rule, or true for each row that does. */
export type FoundRows = Iterable<number> | readonly boolean[];

// As a method, so that a function may name the types of the columns that it is written for.
interface RuleJudge {
  judge(values: RuleValues, context: RuleContext): FoundRows | Promise<FoundRows>;
}

/** Finds the rows of a chunk that break a rule. What a null means is its to say. */
export type RuleFunction = RuleJudge["judge"];

/** By the names that custom rules of engine `headgate` have as their `implementation`. */
export type RuleFunctions = Readonly<Record<string, RuleFunction>>;

export interface RuleHooks {
  /**
   * Functions of the contract's custom rules, called for each chunk of rows. One that throws, is
   * late or answers nonsense fails its rule, and is not called again in that batch.
   */
  rules?: RuleFunctions;
  /** For all functions together, a chunk. Default: 10,000. */
  ruleTimeoutMs?: number;
}

/** Whoever calls functions: a query, or the trial of a contract. */
export type RuleCaller = Pick<NativeQuery, "nextRuleCall" | "answerRuleCall">;

export function answerRuleCalls(
  caller: RuleCaller,
  { rules = {}, ruleTimeoutMs: timeoutMs }: RuleHooks,
  logger: SafeLogger,
): Promise<void> {
  const answering = {
    kind: "rule",
    late: "what a rule found",
    timeoutMs,
    next: () => caller.nextRuleCall(),
    make: (asked: NativeRuleCall, signal: AbortSignal) => find(asked, rules, signal),
    answer: (call: number, rows?: Uint32Array, failure?: string) =>
      caller.answerRuleCall(call, rows, failure),
    about: ({ rule }: NativeRuleCall) => ({ rule }),
  };
  return answerCalls(answering, logger);
}

async function find(
  { name, rule, argumentsJson, valuesJson, shapeJson, numRows }: NativeRuleCall,
  rules: RuleFunctions,
  signal: AbortSignal,
): Promise<Uint32Array> {
  const values = readValues(valuesJson, shapeJson) as RuleValues;
  const context = { rule, arguments: JSON.parse(argumentsJson ?? "{}"), signal };
  return rowsOf(await rules[name]?.(values, context), numRows);
}

function rowsOf(found: unknown, numRows: number): Uint32Array {
  if (typeof found !== "object" || found === null || !(Symbol.iterator in found)) {
    throw new UnusableAnswer("it answered neither rows nor a mask");
  }
  const items: unknown[] = [...(found as Iterable<unknown>)];
  return Uint32Array.from(typeof items[0] === "boolean" ? masked(items, numRows) : items, (row) => {
    if (typeof row === "number" && Number.isInteger(row) && row >= 0 && row < numRows) return row;
    throw new UnusableAnswer("it answered a row that there is not");
  });
}

function masked(mask: unknown[], numRows: number): number[] {
  if (mask.length !== numRows || mask.some((each) => typeof each !== "boolean")) {
    throw new UnusableAnswer(`its mask is not one of ${numRows} rows`);
  }
  return mask.flatMap((isFound, row) => (isFound ? [row] : []));
}
