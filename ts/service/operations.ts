import { z } from "zod";
import { type Endpoint, endpoint, ok } from "./http/endpoint.js";
import { openApiOf } from "./http/openapi.js";
import { detail } from "./http/schemas.js";
import type { Database } from "./store/database.js";
import { sql } from "./store/sql.js";

/** What operators ask a service: whether it lives, whether it can serve, and what it offers. */
export function operationEndpoints(
  endpoints: readonly Endpoint[],
  {
    database,
    isStopping,
    hasTokens,
  }: {
    database: Database;
    isStopping: () => boolean;
    hasTokens: boolean;
  },
): readonly Endpoint[] {
  const shape = { method: "GET", tag: "operations", scope: "open" } as const;
  const status = z.object({ status: z.string() });
  const own: Endpoint[] = [
    endpoint(
      {
        ...shape,
        id: "health",
        path: "/health",
        summary: "the process lives",
        answers: { 200: { description: "it does", body: status } },
      },
      async () => ok({ status: "ok" }),
    ),
    endpoint(
      {
        ...shape,
        id: "ready",
        path: "/ready",
        summary: "the database answers, and the service is not stopping",
        answers: {
          200: { description: "ready", body: status },
          503: { description: "not ready", body: detail },
        },
      },
      async () => {
        if (isStopping()) return { status: 503, body: { detail: "stopping" } };
        await database.one(sql`SELECT 1 AS one`);
        return ok({ status: "ready" });
      },
    ),
    endpoint(
      {
        ...shape,
        id: "openapi",
        path: "/openapi.json",
        summary: "this description",
        answers: { 200: { description: "OpenAPI 3.1", body: z.looseObject({}) } },
      },
      async () => ok(description),
    ),
  ];
  const all = [...endpoints, ...own];
  const description = openApiOf(all, hasTokens);
  return all;
}
