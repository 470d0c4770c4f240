import { z } from "zod";
import type { LocalGovernance } from "../../governance/local-governance.js";
import * as wire from "../../governance/wire.js";
import { DONE, type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import { json, NOT_FOUND, name, names, optionalJson } from "../http/schemas.js";
import { linkEndpoint, linkOf } from "./links.js";

const dataset = { dataset_id: name, dataset_version: name.optional() };
const LIST = { 200: { description: "the newest, in the order of telling", body: z.array(json) } };

/** What was recorded, by dataset. */
export function recordEndpoints(governance: LocalGovernance): readonly Endpoint[] {
  const shape = { method: "GET", tag: "governance", scope: "read" } as const;
  return [
    endpoint(
      {
        ...shape,
        id: "get_status",
        path: "/governance/status",
        summary: "the worst verdict of a dataset version",
        query: z.object({
          contract_id: name,
          contract_version: name,
          dataset_id: name,
          dataset_version: name,
        }),
        answers: { 200: { description: "the verdict", body: json }, ...NOT_FOUND },
      },
      async ({ query }) =>
        orAbsent(
          await governance.status(wire.cameled(query) as never),
          "status unavailable",
          wire.writeValidation,
        ),
    ),
    endpoint(
      {
        ...shape,
        id: "get_status_matrix",
        path: "/governance/status-matrix",
        summary: "the worst verdict of each version of a dataset, under each contract",
        query: z.object({ dataset_id: name, contract_id: names, dataset_version: names }),
        answers: {
          200: {
            description: "of the newest versions",
            body: z.object({ dataset_id: z.string(), entries: z.array(json) }),
          },
        },
      },
      async ({ query }) => {
        const filter = wire.defined({
          contractIds: query.contract_id,
          datasetVersions: query.dataset_version,
        });
        const all = await governance.validationMatrix(query.dataset_id, filter);
        const entries = all.map(({ validation, ...key }) => ({
          ...wire.snaked(key),
          status: wire.writeValidation(validation),
        }));
        return ok({ dataset_id: query.dataset_id, entries });
      },
    ),
    linkEndpoint("link_dataset", "/governance/link", 204, (of, contract, call) =>
      governance.link(of, contract, call),
    ),
    endpoint(
      {
        ...shape,
        id: "get_linked",
        path: "/governance/linked",
        summary: "the contract that a dataset, or a version of it, was linked to last",
        query: z.object(dataset),
        answers: { 200: { description: "the link", body: json }, ...NOT_FOUND },
      },
      async ({ query }) =>
        orAbsent(
          await governance.linked(query.dataset_id, query.dataset_version),
          "no contract is linked",
          linkOf,
        ),
    ),
    endpoint(
      {
        ...shape,
        id: "list_metrics",
        path: "/governance/metrics",
        summary: "what was measured; by the page: /v1/datasets/{dataset_id}/metrics",
        query: z.object({
          ...dataset,
          contract_id: name.optional(),
          contract_version: name.optional(),
        }),
        answers: LIST,
      },
      async ({ query }) => {
        const metrics = await governance.metrics(wire.cameled(query) as never);
        return ok(metrics.map(wire.snaked));
      },
    ),
    endpoint(
      {
        ...shape,
        id: "list_datasets",
        path: "/governance/datasets",
        summary: "names; by the page: /v1/datasets",
        answers: { 200: { description: "names", body: z.array(z.string()) } },
      },
      async () => ok(await governance.datasets()),
    ),
    endpoint(
      {
        ...shape,
        id: "list_activity",
        path: "/governance/activity",
        summary: "what was registered; by the page: /v1/datasets/{dataset_id}/activity",
        query: z.object({ ...dataset, include_status: z.stringbool().optional() }),
        answers: LIST,
      },
      async ({ query }) => {
        const activity = await governance.activity(wire.cameled(query) as never);
        return ok(activity.map(wire.writeActivity));
      },
    ),
    endpoint(
      {
        ...shape,
        id: "list_dataset_records",
        path: "/governance/dataset-records",
        summary: "a record for each dataset version and contract: the worst of its batches",
        query: z.object({ dataset_id: name.optional(), dataset_version: name.optional() }),
        answers: LIST,
      },
      async ({ query }) => {
        const records = await governance.datasetRecords(wire.cameled(query) as never);
        return ok(records.map(wire.snaked));
      },
    ),
    endpoint(
      {
        id: "post_lineage",
        method: "POST",
        path: "/governance/lineage",
        tag: "lineage",
        summary:
          "an OpenLineage event, as loosely as dc43's clients write it; by the standard: /api/v1/lineage",
        scope: "write",
        body: z.object({ event: json }),
        answers: { 204: { description: "kept" } },
      },
      async ({ body, call }) => {
        await governance.lineage(body.event, call);
        return DONE;
      },
    ),
    endpoint(
      {
        id: "authenticate",
        method: "POST",
        path: "/governance/auth",
        tag: "governance",
        summary: "takes note of nothing: the bearer token says who asks",
        scope: "read",
        body: z.object({ credentials: optionalJson }),
        answers: { 200: { description: "the token is good", body: z.null() } },
      },
      async () => ok(null),
    ),
  ];
}
