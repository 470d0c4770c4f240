import { z } from "zod";
import { type Asked, type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import {
  cursor,
  json,
  limit,
  NOT_FOUND,
  name,
  names,
  pageOf,
  segment,
  time,
} from "../http/schemas.js";
import { batchesOf, batchOf } from "../store/batches.js";
import type { Database } from "../store/database.js";
import {
  compatibilityPage,
  datasetOf,
  datasetOverview,
  datasetsPage,
  versionsPage,
} from "../store/overview.js";
import type { PageAsked } from "../store/pages.js";
import { activityPage, linksPage, metricHistory, metricNames } from "../store/records.js";

const paged = { limit, cursor };
const PAGE = { 200: { description: "a page, the newest first", body: pageOf(json) } } as const;
const params = z.object({ dataset_id: segment });
const status = z.enum(["ok", "warn", "block", "idle", "unknown"]);
const statuses = z.preprocess(
  (value) => (value === undefined ? undefined : [value].flat()),
  z.array(status).max(5).optional(),
);
const span = {
  from: time.optional().describe("inclusive"),
  to: time.optional().describe("exclusive"),
};
const ABSENT = "dataset not found";

/** History of datasets, a micro-batch at a time. */
export function datasetEndpoints(database: Database): readonly Endpoint[] {
  const shape = { method: "GET", tag: "history", scope: "read" } as const;
  /** A list of one dataset, by the page. */
  const listOf = <Query extends z.ZodRawShape>(
    said: { id: string; path: string; summary: string; query: Query },
    read: (
      dataset: number,
      query: z.output<z.ZodObject<Query>>,
      page: PageAsked,
    ) => Promise<object>,
  ): Endpoint => {
    const own = z.object(said.query);
    const whole = {
      ...shape,
      ...said,
      path: `/v1/datasets/{dataset_id}${said.path}`,
      params,
      query: z.object({ ...said.query, ...paged }),
      answers: { ...PAGE, ...NOT_FOUND },
    };
    type All = { params: z.output<typeof params>; query: PageAsked };
    const handle = async ({ params, query }: Asked<All["params"], All["query"], unknown>) => {
      const dataset = await datasetOf(database, params.dataset_id);
      if (dataset === undefined) return orAbsent(undefined, ABSENT);
      return ok(await read(dataset, own.parse(query), query));
    };
    return { ...whole, handle: handle as Endpoint["handle"] };
  };
  return [
    endpoint(
      {
        ...shape,
        id: "v1_datasets",
        path: "/v1/datasets",
        summary: "datasets by name, each with the worst of its batches",
        query: z.object({ prefix: name.optional(), ...paged }),
        answers: PAGE,
      },
      async ({ query }) => ok(await datasetsPage(database, query, query)),
    ),
    endpoint(
      {
        ...shape,
        id: "v1_dataset",
        path: "/v1/datasets/{dataset_id}",
        summary: "one dataset: roll-up, contract, links",
        params,
        answers: { 200: { description: "the dataset", body: json }, ...NOT_FOUND },
      },
      async ({ params }) => orAbsent(await datasetOverview(database, params.dataset_id), ABSENT),
    ),
    listOf(
      {
        id: "v1_batches",
        path: "/batches",
        summary: "every micro-batch as an entry of its own",
        query: {
          status: statuses,
          contract_id: name.optional(),
          contract_version: name.optional(),
          dataset_version: name.optional(),
          query: name.optional(),
          operation: z.enum(["read", "write"]).optional(),
          source: z.enum(["client", "ledger"]).optional(),
          ...span,
        },
      },
      (dataset, query, page) =>
        batchesOf(
          database,
          dataset,
          {
            status: query.status,
            contractId: query.contract_id,
            contractVersion: query.contract_version,
            datasetVersion: query.dataset_version,
            query: query.query,
            operation: query.operation,
            source: query.source,
            ...spanOf(query),
          },
          page,
        ),
    ),
    endpoint(
      {
        ...shape,
        id: "v1_batch",
        path: "/v1/datasets/{dataset_id}/batches/{id}",
        summary: "one batch with its schema and all that was said of it",
        params: params.extend({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
        answers: { 200: { description: "the batch", body: json }, ...NOT_FOUND },
      },
      async ({ params }) => {
        const dataset = await datasetOf(database, params.dataset_id);
        const batch = dataset && (await batchOf(database, dataset, params.id));
        return orAbsent(batch, "batch not found");
      },
    ),
    listOf(
      {
        id: "v1_versions",
        path: "/versions",
        summary: "the worst of each version, under each contract",
        query: { status: status.optional() },
      },
      (dataset, query, page) => versionsPage(database, dataset, query, page),
    ),
    listOf(
      {
        id: "v1_activity",
        path: "/activity",
        summary: "who registered what",
        query: {
          dataset_version: name.optional(),
          operation: z.enum(["read", "write"]).optional(),
        },
      },
      (dataset, query, page) => {
        const { dataset_version: datasetVersion, operation } = query;
        return activityPage(database, dataset, { datasetVersion, operation }, page);
      },
    ),
    listOf(
      {
        id: "v1_links",
        path: "/links",
        summary: "the contracts that it was linked to",
        query: {},
      },
      (dataset, _, page) => linksPage(database, dataset, page),
    ),
    endpoint(
      {
        ...shape,
        id: "v1_metric_names",
        path: "/v1/datasets/{dataset_id}/metrics",
        summary: "the names of what was measured",
        params,
        answers: { 200: { description: "names", body: z.array(z.string()) }, ...NOT_FOUND },
      },
      async ({ params }) => {
        const dataset = await datasetOf(database, params.dataset_id);
        return orAbsent(dataset && (await metricNames(database, dataset)), ABSENT);
      },
    ),
    listOf(
      {
        id: "v1_metric_history",
        path: "/metric-history",
        summary: "one metric over time",
        query: { metric: name, ...span },
      },
      (dataset, query, page) =>
        metricHistory(database, dataset, { metric: query.metric, ...spanOf(query) }, page),
    ),
    endpoint(
      {
        ...shape,
        id: "v1_compatibility",
        path: "/v1/compatibility",
        summary: "which dataset was held against which contract version, and how that came out",
        query: z.object({
          dataset_id: name.optional(),
          contract_id: names,
          contract_version: name.optional(),
          ...paged,
        }),
        answers: PAGE,
      },
      async ({ query }) => {
        const { dataset_id: datasetId, contract_id: contractIds, contract_version } = query;
        const filter = { datasetId, contractIds, contractVersion: contract_version };
        return ok(await compatibilityPage(database, filter, query));
      },
    ),
  ];
}

function spanOf({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return {
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to),
  };
}
