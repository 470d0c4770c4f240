import { z } from "zod";
import { subjectsOf } from "../../governance/records.js";
import { type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import { HttpFault } from "../http/faults.js";
import { cursor, json, limit, NOT_FOUND, name, pageOf } from "../http/schemas.js";
import { requireEvent } from "../lineage/event.js";
import { lineageGraph, placesOf } from "../lineage/graph.js";
import type { Database } from "../store/database.js";
import { recordEvent } from "../store/lineage.js";
import { eventsPage } from "../store/lineage-events.js";

export function lineageEndpoints(database: Database): readonly Endpoint[] {
  return [
    endpoint(
      {
        id: "openlineage",
        method: "POST",
        path: "/api/v1/lineage",
        tag: "lineage",
        summary: "an event by the schema of OpenLineage 2-0-2",
        scope: "write",
        body: json,
        answers: { 201: { description: "kept" } },
      },
      async ({ body, call }) => {
        const event = requireEvent(body);
        const subjects = subjectsOf(event);
        await database.write((session) =>
          recordEvent(session, event, subjects, call.idempotencyKey),
        );
        return { status: 201 };
      },
    ),
    endpoint(
      {
        id: "v1_lineage",
        method: "GET",
        path: "/v1/lineage",
        tag: "lineage",
        summary: "what a dataset comes from and goes into, with columns where they are known",
        scope: "read",
        query: z.object({
          dataset_id: name.optional().describe("what governance calls it; or namespace and name"),
          namespace: name.optional(),
          name: name.optional(),
          direction: z.enum(["upstream", "downstream", "both"]).default("both"),
          depth: z.coerce.number().int().min(1).max(20).default(5),
          columns: z.stringbool().default(true),
        }),
        answers: {
          200: {
            description: "a graph; `truncated` if it has more than is shown",
            body: z.object({
              roots: z.array(json),
              nodes: z.array(json),
              edges: z.array(json),
              columns: z.array(json),
              truncated: z.boolean(),
            }),
          },
          ...NOT_FOUND,
        },
      },
      async ({ query }) => {
        const { dataset_id: id, namespace, name } = query;
        const isNamed = namespace !== undefined && name !== undefined;
        if ((id === undefined) === !isNamed) {
          throw new HttpFault(422, "give dataset_id, or namespace and name");
        }
        const roots = isNamed ? [{ namespace, name }] : await placesOf(database, id ?? "");
        if (roots.length === 0) return orAbsent(undefined, "lineage knows no such dataset");
        return ok(await lineageGraph(database, roots, query));
      },
    ),
    endpoint(
      {
        id: "v1_lineage_events",
        method: "GET",
        path: "/v1/lineage/events",
        tag: "lineage",
        summary: "events as they were told, the newest first",
        scope: "read",
        query: z.object({
          dataset_id: name.optional(),
          job_namespace: name.optional(),
          job_name: name.optional(),
          limit,
          cursor,
        }),
        answers: { 200: { description: "a page", body: pageOf(json) } },
      },
      async ({ query }) => ok(await eventsPage(database, query, query)),
    ),
  ];
}
