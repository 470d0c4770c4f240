import { isMapping } from "../contract/expectation.js";
import { violationsOf } from "./judge.js";
import { isWorse } from "./status.js";
import type { Recorded } from "./store.js";
import type { ActivityEvent, ContractKey, DatasetRecord, Properties, Validation } from "./types.js";
import { defined } from "./wire.js";

export type Dated = Recorded & { recordedAt: string };
export type Verdict = Dated & { validation: Validation };

export function isOf(recorded: Recorded, key: ContractKey & { datasetVersion: string }): boolean {
  const { contractId, contractVersion, datasetVersion } = recorded;
  return (
    contractId === key.contractId &&
    contractVersion === key.contractVersion &&
    datasetVersion === key.datasetVersion
  );
}

/** By dataset version and contract, in the order in which they were first told. */
export function grouped<T extends Recorded>(recorded: readonly T[]): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const each of recorded) {
    const key = JSON.stringify([each.datasetVersion, each.contractId, each.contractVersion]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** The newest of the worst. */
export function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.reduce<Verdict | undefined>((worse, each) => {
    const isBetter = worse && isWorse(worse.validation.status, each.validation.status);
    return isBetter ? worse : each;
  }, undefined);
}

export function keyOf(
  datasetId: string,
  { datasetVersion, contractId, contractVersion }: Recorded,
) {
  return { datasetId, datasetVersion, contractId, contractVersion };
}

export function recordOf(datasetId: string, verdict: Verdict): DatasetRecord {
  const { validation, pipelineContext = {}, ...of } = verdict;
  const { details, reason, status } = validation;
  const text = (from: Properties, name: string) =>
    typeof from[name] === "string" ? (from[name] as string) : undefined;
  return defined({
    contractId: of.contractId,
    contractVersion: of.contractVersion,
    datasetName: datasetId,
    datasetVersion: of.datasetVersion,
    status,
    reason,
    violations: Number(details.violations ?? violationsOf(validation)),
    dqDetails: details,
    runType: text(pipelineContext, "run_type"),
    scenarioKey: text(pipelineContext, "scenario_key"),
    draftContractVersion: text(details, "draft_contract_version"),
    observationOperation: text(details, "observation_operation"),
    observationScope: text(details, "observation_scope"),
    observationLabel: text(details, "observation_label"),
  });
}

export function eventOf({ validation, ...event }: Dated): ActivityEvent {
  const { operation, contractId, contractVersion, recordedAt, pipelineContext } = event;
  return defined({
    ...{ operation, contractId, contractVersion, recordedAt, pipelineContext },
    observationsReused: event.observationsReused,
    dqStatus: validation?.status ?? "unknown",
    dqReason: validation?.reason,
    dqDetails: validation?.details,
  });
}

/** The datasets that an OpenLineage event is about, with the version that it names, if any. */
export function subjectsOf(event: Properties): Map<string, string | undefined> {
  const datasets = [event.inputs, event.outputs].flat().filter(isMapping);
  return new Map(
    datasets.flatMap(({ name, facets }) => {
      const { version, dc43Dataset } = isMapping(facets) ? facets : {};
      const named = [version, dc43Dataset].filter(isMapping).map((facet) => facet.datasetVersion);
      const datasetVersion = named.find((each) => typeof each === "string");
      return typeof name === "string" ? [[name, datasetVersion] as const] : [];
    }),
  );
}
