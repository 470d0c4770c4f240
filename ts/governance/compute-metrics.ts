import type { ContractDocument } from "../config/types.js";
import { type ContractTestReport, type TestedRule, testContract } from "../contract/test.js";
import type { RuleHooks } from "../rules.js";
import type { BatchStatus, Metrics } from "../verdict.js";
import type { GovernanceService } from "./clients.js";
import { violationsText } from "./judge.js";
import type { PipelineContext, QualityAssessment, Validation } from "./types.js";
import { defined, snaked } from "./wire.js";

export interface ComputeMetricsOptions extends RuleHooks {
  /** Path of an ODCS document, or the document itself. */
  contract: string | ContractDocument;
  /** Which schema object of the document; needed when there are several. */
  schema?: string;
  /** Path or URL of the Delta table. */
  path: string;
  /** As far back as the log goes; default: the newest. */
  version?: number;
  /** Is told what was found, as an observation of that version of `dataset`. */
  governance?: {
    service: Pick<GovernanceService, "governance">;
    /** What governance calls the table. */
    dataset: string;
    pipelineContext?: PipelineContext;
  };
}

export interface ComputedMetrics {
  datasetVersion: string;
  status: BatchStatus;
  /** `row_count`, `violations.<rule>` of every rule, and `<rule>` where one measured a value. */
  metrics: Metrics;
  report: ContractTestReport;
  /** What governance made of it. */
  assessment?: QualityAssessment;
}

/**
 * The rules of a contract over a table version that is written already. All of its rows count as one
 * batch, so that rules of a batch judge the whole version. Throws what `testContract` throws, and
 * what the service does; what was told once is told again by another call.
 */
export async function computeMetrics(options: ComputeMetricsOptions): Promise<ComputedMetrics> {
  const { contract, path, governance, ...rest } = options;
  const report = await testContract(contract, path, { ...rest, format: "delta", samples: 0 });
  const datasetVersion = String(report.version);
  const { status } = report;
  const metrics = metricsOf(report);
  const computed = { datasetVersion, status, metrics, report };
  if (governance === undefined) return computed;
  const { service, dataset: datasetId, pipelineContext } = governance;
  const { id: contractId, version: contractVersion } = report.contract;
  const assessment = await service.governance.evaluate({
    ...{ contractId, contractVersion, datasetId, datasetVersion },
    operation: "read",
    observations: { metrics },
    validation: validationOf(computed, datasetId),
    ...defined({ pipelineContext }),
  });
  return { ...computed, assessment };
}

function metricsOf({ rows, rules }: ContractTestReport): Metrics {
  const counted = rules.map(({ rule, violations }) => [`violations.${rule}`, violations]);
  const measured = rules.flatMap(({ rule, measured }) =>
    measured === undefined ? [] : [[rule, measured]],
  );
  return Object.fromEntries([...measured, ...counted, ["row_count", rows]]);
}

function validationOf(
  { datasetVersion, status, metrics, report }: ComputedMetrics,
  dataset: string,
): Validation {
  const broken = report.rules.filter(({ violations }) => violations > 0);
  const texts = (severity: TestedRule["severity"]) =>
    broken.filter((rule) => rule.severity === severity).map(textOf);
  const [errors, warnings] = [texts("block"), texts("warn")];
  const details = {
    ...snaked({ datasetId: dataset, datasetVersion }),
    observation_operation: "read",
    observation_scope: "dataset_version",
    violating_rows: report.violatingRows,
    not_enforced: report.notEnforced.map(({ rule, reason }) => ({ rule, reason })),
  };
  const said = { errors, warnings, metrics, schema: {}, details };
  const reason = errors[0] ?? warnings[0];
  return {
    ok: status !== "block",
    status,
    ...defined({ reason }),
    ...said,
  };
}

/** Names no value. */
function textOf({ rule, violations, unmeasured }: TestedRule): string {
  return unmeasured === undefined
    ? `${rule}: ${violationsText(violations)}`
    : `${rule}: not measured: ${unmeasured}`;
}
