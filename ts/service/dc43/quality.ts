import { z } from "zod";
import type { DataQualityClient } from "../../governance/clients.js";
import * as wire from "../../governance/wire.js";
import { type Endpoint, endpoint, ok } from "../http/endpoint.js";
import { document, json } from "../http/schemas.js";
import { observations, VALIDATION } from "./shapes.js";

export function qualityEndpoints(quality: DataQualityClient): readonly Endpoint[] {
  const shape = { method: "POST", tag: "data quality", scope: "read" } as const;
  return [
    endpoint(
      {
        ...shape,
        id: "evaluate_quality",
        path: "/data-quality/evaluate",
        summary: "judge what was measured by the rules of a contract; nothing is recorded",
        body: z.object({ contract: document, payload: observations }),
        answers: VALIDATION,
      },
      async ({ body }) => {
        const measured = wire.readObservations(body.payload);
        return ok(wire.writeValidation(await quality.evaluate(body.contract, measured)));
      },
    ),
    endpoint(
      {
        ...shape,
        id: "list_expectations",
        path: "/data-quality/expectations",
        summary: "the rules of a contract that are enforced",
        body: z.object({ contract: document }),
        answers: { 200: { description: "rules", body: z.array(json) } },
      },
      async ({ body }) => {
        const expectations = await quality.expectations(body.contract);
        return ok(expectations.map(wire.snaked));
      },
    ),
  ];
}
