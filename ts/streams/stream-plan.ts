import { loadPart } from "../config/load.js";
import type { StreamingNodeConfig } from "../config/types.js";
import { type ConfigIssue, StreamingValidationError } from "../errors.js";
import { invalidConfig } from "../failure.js";
import { type NativeStreamPlan, native } from "../native.js";
import type { StreamStep } from "./stream-step.js";

export type StreamPlan = Omit<NativeStreamPlan, "issues">;

/** What a stream reads, as a node has it: with its contract, unless payloads stay raw. */
export type StreamInput = StreamingNodeConfig["input"];

/**
 * The columns after all steps, and which of those of `contract` they cannot fill. Throws a
 * `StreamingValidationError` that names the step that cannot be planned.
 */
export function planned(
  input: StreamInput,
  steps: readonly StreamStep[],
  contract?: StreamingNodeConfig["contract"],
): StreamPlan {
  const transforms = steps.map(({ transform }) => transform);
  const node = loadPart({
    input,
    ...(steps.length > 0 && { transforms }),
    ...(contract !== undefined && { contract }),
  });
  if (Array.isArray(node)) throw refusal(node, steps);
  const { issues, ...plan } = native().planStream(node.json, process.cwd());
  if (issues.length > 0) throw refusal(issues.map(node.locate), steps);
  return plan;
}

function refusal(issues: readonly ConfigIssue[], steps: readonly StreamStep[]) {
  const [first] = issues;
  const [, index] = /^transforms\[(\d+)\]/.exec(first?.field ?? "") ?? [];
  const step = index === undefined ? undefined : steps[Number(index)];
  if (first === undefined || step === undefined) return invalidConfig({ issues });
  const { code, ...context } = first;
  const { expected, actual } = context;
  const message = `step ${Number(index) + 1}, ${step.name}: expected ${expected}, got ${actual}`;
  const said = { ...context, operation: "plan", component: "stream" };
  return new StreamingValidationError(code, message, { context: said, issues });
}
