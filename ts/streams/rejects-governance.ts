import type { SideRows, StreamingBatch } from "../batch.js";
import { violationsText } from "../governance/judge.js";
import type { StreamingObserver } from "../hooks.js";
import { withJson } from "../json.js";
import type { KnownContract } from "./contracts.js";
import type { ViolationPlan } from "./violation-strategies.js";
import { type GovernedWrite, writeObserver } from "./write-governance.js";

/** What stands before the names of the rules of the rejects' contract. */
const PREFIX = "rejects.";

/** What the rejects are called: as the strategy says, or as their table is. */
export function rejectsDataset({ rejects, rejectsDatasetId }: ViolationPlan): string | undefined {
  if (typeof rejects !== "object") return undefined;
  return rejectsDatasetId ?? rejects.tableName ?? rejects.path;
}

/** The rejects as a dataset under a contract of their own. The port of a product is not theirs. */
export function governedRejects(
  write: GovernedWrite,
  contract: KnownContract,
  datasetId: string,
): GovernedWrite {
  const { outputBinding: _, ...context } = write.context;
  return { ...write, contract, context: { ...context, datasetId } };
}

/** Tells of every batch with rows for the rejects what their contract found. */
export function rejectsObserver(write: GovernedWrite, template?: string): StreamingObserver {
  const observer = writeObserver(write, template, "governance.rejects");
  return {
    ...observer,
    tell(batch, ctx) {
      if (batch.rejects === undefined || batch.status === "block") return;
      return observer.tell(ofRejects(batch, batch.rejects), ctx);
    },
  };
}

/** What was refused is not among the rows; what was rerouted there, nobody held against the contract. */
function ofRejects(batch: StreamingBatch, { rowCount }: SideRows): StreamingBatch {
  const { intervention: _, contract: _output, rejects: _table, rerouted, ...kept } = batch;
  const rules = batch.rules
    .filter(({ rule, violations }) => rule.startsWith(PREFIX) && violations > 0)
    .map((result) => ({ ...result, rule: result.rule.slice(PREFIX.length) }));
  const broken = rules.filter(({ severity }) => severity !== "info");
  const warnings = broken.map(({ rule, violations }) => `${rule}: ${violationsText(violations)}`);
  if (rerouted?.name === "rejects") warnings.push("rows that were rerouted there are not judged");
  const counted = rules.map(({ rule, violations }) => [`violations.${rule}`, violations]);
  return withJson({
    ...kept,
    ...{ rowCount, rules, warnings, errors: [], status: warnings.length > 0 ? "warn" : "ok" },
    violations: rules.reduce((sum, { violations }) => sum + violations, 0),
    metrics: { row_count: rowCount, ...Object.fromEntries(counted) },
  });
}
