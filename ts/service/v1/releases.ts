import { z } from "zod";
import { DONE, type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import { cursor, json, limit, NOT_FOUND, name, pageOf, segment } from "../http/schemas.js";
import type { Database } from "../store/database.js";
import { datasetIdOf } from "../store/dataset-versions.js";
import { datasetOf } from "../store/overview.js";
import { releasesPage, writeRelease } from "../store/records.js";

const params = z.object({ dataset_id: segment });
const path = "/v1/datasets/{dataset_id}/releases";

/** Who or what let a blocked query go on. `headgate release` does it; the log tells it, or whoever did. */
export function releaseEndpoints(database: Database): readonly Endpoint[] {
  return [
    endpoint(
      {
        id: "v1_releases",
        method: "GET",
        path,
        tag: "history",
        summary: "who or what released blocks, the newest first",
        scope: "read",
        params,
        query: z.object({ limit, cursor }),
        answers: { 200: { description: "a page", body: pageOf(json) }, ...NOT_FOUND },
      },
      async ({ params, query }) => {
        const dataset = await datasetOf(database, params.dataset_id);
        if (dataset === undefined) return orAbsent(undefined, "dataset not found");
        return ok(await releasesPage(database, dataset, query));
      },
    ),
    endpoint(
      {
        id: "v1_add_release",
        method: "POST",
        path,
        tag: "history",
        summary: "note who released a block; it releases nothing by itself",
        scope: "write",
        params,
        body: z.object({
          blocked_batch_id: z.int().min(0).optional(),
          by: name,
          reason: z.string().max(2_000).optional(),
        }),
        answers: { 204: { description: "noted" } },
      },
      async ({ params, body, call }) => {
        const nowMs = Date.now();
        await database.write(async (session) => {
          const dataset = await datasetIdOf(session, params.dataset_id, nowMs);
          await writeRelease(session, dataset, {
            blockedBatchId: body.blocked_batch_id,
            by: body.by,
            reason: body.reason,
            happenedMs: nowMs,
            source: "client",
            key: call.idempotencyKey,
          });
        });
        return DONE;
      },
    ),
  ];
}
