import { z } from "zod";
import type { LocalGovernance } from "../../governance/local-governance.js";
import type { Operation } from "../../governance/types.js";
import * as wire from "../../governance/wire.js";
import { DONE, type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import { json, NOT_FOUND, name, optionalJson, segment } from "../http/schemas.js";
import type { Database } from "../store/database.js";
import { SqlHistory } from "../store/history.js";
import { statusOf, withdrawStatus } from "../store/version-status.js";
import { observations, pipelineContext, validation } from "./shapes.js";

const DATASET = "/datasets/{dataset_id}";
const VERSION = `${DATASET}/versions/{dataset_version}`;
const LIST = { 200: { description: "the newest, in the order of telling", body: z.array(json) } };
const KEPT = { 204: { description: "kept" } } as const;
/** dc43 asks so for the link of a version that has no name. */
const NO_VERSION = "latest";

const contract = { contract_id: name, contract_version: name };
const dataset = z.object({ dataset_id: segment });
const version = dataset.extend({ dataset_version: segment });
const status = validation.extend(contract);
const event = z.looseObject({
  ...contract,
  operation: name.default("read"),
  pipeline_context: pipelineContext,
  observations_reused: observations.shape.reused,
  dq_status: validation.shape.status,
  dq_reason: validation.shape.reason,
  dq_details: validation.shape.details,
  lineage_event: optionalJson,
});
/** Empty where dc43 has none. */
const optionalVersion = z
  .union([z.literal(""), name])
  .optional()
  .transform((given) => given || undefined);

/** What dc43's own service keeps its governance in, by its `HttpGovernanceStore`. */
export function storeEndpoints(
  database: Database,
  governance: LocalGovernance,
): readonly Endpoint[] {
  const history = new SqlHistory(database);
  const shape = { tag: "store of dc43", slashes: "dataset_id" } as const;
  const reading = { ...shape, method: "GET", scope: "read" } as const;
  const activityOf = async (datasetId: string, datasetVersion?: string) => {
    const records = await governance.activity(wire.defined({ datasetId, datasetVersion }));
    return ok(records.map(wire.writeActivity));
  };
  const linkOf = async (datasetId: string, datasetVersion?: string) =>
    orAbsent(
      await governance.linked(datasetId, datasetVersion),
      "no contract is linked",
      wire.snaked,
    );
  return [
    endpoint(
      {
        ...shape,
        id: "store_put_status",
        method: "PUT",
        path: `${VERSION}/status`,
        summary: "record a verdict as it is said; those before it stay",
        scope: "write",
        params: version,
        body: status,
        answers: KEPT,
      },
      async ({ params, body, call }) => {
        const read = wire.readValidation(wire.withoutNull(body));
        const { details } = read;
        const operation = details.operation === "read" ? "read" : "write";
        const told = { kind: "verdict", operation, observationsReused: false } as const;
        await history.add(
          params.dataset_id,
          { ...told, ...keyOf(params, body), validation: read },
          call,
        );
        return DONE;
      },
    ),
    endpoint(
      {
        ...reading,
        id: "store_status",
        path: `${VERSION}/status`,
        summary:
          "the worst verdict since the last withdrawal, under the contract that was last judged by",
        params: version,
        answers: { 200: { description: "the verdict", body: json }, ...NOT_FOUND },
      },
      async ({ params }) =>
        orAbsent(
          await statusOf(database, params.dataset_id, params.dataset_version),
          "status unavailable",
          ({ validation: said, ...of }) => {
            const { status, reason, details } = wire.writeValidation(said);
            const { contractId, contractVersion, recordedAt } = of;
            const key = wire.snaked({ contractId, contractVersion, recordedAt });
            return { ...params, ...key, status, reason, details };
          },
        ),
    ),
    endpoint(
      {
        ...shape,
        id: "store_withdraw_status",
        method: "DELETE",
        path: `${VERSION}/status`,
        summary: "the version has no status until the next verdict; its history stays, and says so",
        scope: "write",
        params: version,
        answers: { 204: { description: "there is none" } },
      },
      async ({ params }) => {
        await withdrawStatus(database, params.dataset_id, params.dataset_version);
        return DONE;
      },
    ),
    endpoint(
      {
        ...shape,
        id: "store_put_link",
        method: "PUT",
        path: `${VERSION}/link`,
        summary: "link a dataset version to a contract",
        scope: "write",
        params: version,
        body: z.object(contract),
        answers: KEPT,
      },
      async ({ params, body, call }) => {
        await history.add(params.dataset_id, { kind: "link", ...keyOf(params, body) }, call);
        return DONE;
      },
    ),
    endpoint(
      {
        ...reading,
        id: "store_version_link",
        path: `${VERSION}/link`,
        summary: "the contract that a dataset version was linked to last",
        params: version,
        answers: { 200: { description: "the link", body: json }, ...NOT_FOUND },
      },
      async ({ params: { dataset_id: id, dataset_version: of } }) => {
        const answer = await linkOf(id, of);
        return answer.status === 404 && of === NO_VERSION ? linkOf(id) : answer;
      },
    ),
    endpoint(
      {
        ...shape,
        id: "store_add_activity",
        method: "POST",
        path: `${VERSION}/activity`,
        summary: "record who did it, with a lineage event if there is one",
        scope: "write",
        params: version,
        body: event,
        answers: KEPT,
      },
      async ({ params, body, call }) => {
        const { dataset_id: id, dataset_version: of } = params;
        const { lineage_event: traced, dq_status: status, dq_reason: reason, dq_details } = body;
        const said = { status, reason, details: dq_details };
        const told = {
          kind: "activity",
          ...keyOf(params, body),
          operation: body.operation as Operation,
          pipelineContext: body.pipeline_context,
          observationsReused: body.observations_reused ?? false,
          validation: status
            ? wire.readValidation(wire.withoutNull(wire.defined(said)))
            : undefined,
        } as const;
        await history.add(id, wire.defined(told), call);
        if (traced) await history.trace(traced, new Map([[id, of]]), call);
        return DONE;
      },
    ),
    endpoint(
      {
        ...reading,
        id: "store_version_activity",
        path: `${VERSION}/activity`,
        summary: "what was registered of a dataset version",
        params: version,
        answers: LIST,
      },
      async ({ params }) => activityOf(params.dataset_id, params.dataset_version),
    ),
    endpoint(
      {
        ...reading,
        id: "store_link",
        path: `${DATASET}/link`,
        summary: "the contract that a dataset was linked to last",
        params: dataset,
        answers: { 200: { description: "the link", body: json }, ...NOT_FOUND },
      },
      async ({ params }) => linkOf(params.dataset_id),
    ),
    endpoint(
      {
        ...reading,
        id: "store_activity",
        path: `${DATASET}/activity`,
        summary: "what was registered; by the page: /v1/datasets/{dataset_id}/activity",
        params: dataset,
        query: z.object({ version: optionalVersion }),
        answers: LIST,
      },
      async ({ params, query }) => activityOf(params.dataset_id, query.version),
    ),
    endpoint(
      {
        ...reading,
        id: "store_metrics",
        path: `${DATASET}/metrics`,
        summary: "what was measured; by the page: /v1/datasets/{dataset_id}/metric-history",
        params: dataset,
        query: z.object({
          dataset_version: name.optional(),
          contract_id: name.optional(),
          contract_version: name.optional(),
        }),
        answers: LIST,
      },
      async ({ params, query }) => {
        const filter = wire.cameled(wire.defined({ ...query, ...params }));
        return ok((await governance.metrics(filter as never)).map(wire.snaked));
      },
    ),
    endpoint(
      {
        ...reading,
        id: "store_datasets",
        path: "/datasets",
        summary: "names; by the page: /v1/datasets",
        answers: { 200: { description: "names", body: z.array(z.string()) } },
      },
      async () => ok(await governance.datasets()),
    ),
  ];
}

function keyOf(
  params: z.output<typeof version>,
  body: { contract_id: string; contract_version: string },
) {
  const { dataset_version: datasetVersion } = params;
  return {
    datasetVersion,
    contractId: body.contract_id,
    contractVersion: body.contract_version,
  };
}
