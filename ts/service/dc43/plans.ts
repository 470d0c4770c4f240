import { z } from "zod";
import type { LocalGovernance } from "../../governance/local-governance.js";
import type { Operation } from "../../governance/types.js";
import * as wire from "../../governance/wire.js";
import { DONE, type Endpoint, endpoint, ok } from "../http/endpoint.js";
import { json, NOT_FOUND, optionalJson } from "../http/schemas.js";
import {
  ASSESSMENT,
  assessment,
  context,
  draftRequest,
  evaluation,
  observations,
  plan,
  reviewRequest,
  validation,
} from "./shapes.js";

/** What is judged, and by what. */
export function planEndpoints(governance: LocalGovernance): readonly Endpoint[] {
  const shape = { method: "POST", tag: "governance" } as const;
  return [
    ...ofOperation(governance, "read"),
    ...ofOperation(governance, "write"),
    endpoint(
      {
        ...shape,
        id: "evaluate_dataset",
        path: "/governance/evaluate",
        summary: "judge a dataset version, record the verdict and register it",
        scope: "write",
        body: evaluation,
        answers: { ...ASSESSMENT, ...NOT_FOUND },
      },
      async ({ body, call }) => {
        const request = wire.readEvaluation(wire.withoutNull(body));
        return ok(wire.writeAssessment(await governance.evaluate(request, call)));
      },
    ),
    endpoint(
      {
        ...shape,
        id: "review_validation",
        path: "/governance/review",
        summary: "a draft, if one was asked for or the validation gives cause for one",
        scope: "read",
        body: reviewRequest,
        answers: { 200: { description: "the draft, or null", body: optionalJson } },
      },
      async ({ body }) =>
        ok((await governance.review(wire.readReviewRequest(wire.withoutNull(body)))) ?? null),
    ),
    endpoint(
      {
        ...shape,
        id: "draft_contract",
        path: "/governance/draft",
        summary: "a draft of a contract",
        scope: "read",
        body: draftRequest,
        answers: { 200: { description: "the draft", body: json } },
      },
      async ({ body }) =>
        ok(await governance.draft(wire.readReviewRequest(wire.withoutNull(body)))),
    ),
  ];
}

function ofOperation(governance: LocalGovernance, operation: Operation): readonly Endpoint[] {
  const shape = { method: "POST", tag: "governance" } as const;
  return [
    endpoint(
      {
        ...shape,
        id: `resolve_${operation}`,
        path: `/governance/${operation}/resolve`,
        summary: "the contract that a context means",
        scope: "read",
        body: z.object({ context }),
        answers: { 200: { description: "the plan", body: json }, ...NOT_FOUND },
      },
      async ({ body }) => {
        const asked = wire.readContext(body.context);
        return ok(wire.writePlan(await governance.resolve(operation, asked)));
      },
    ),
    endpoint(
      {
        ...shape,
        id: `evaluate_${operation}`,
        path: `/governance/${operation}/evaluate`,
        summary: "judge what a plan is about, and record the verdict",
        scope: "write",
        body: z.object({
          plan,
          validation: validation.nullish(),
          observations: observations.nullish(),
        }),
        answers: ASSESSMENT,
      },
      async ({ body, call }) => {
        const { plan, ...evidence } = body;
        const read = wire.readEvidence(evidence);
        const judged = await governance.evaluatePlan(operation, wire.readPlan(plan), read, call);
        return ok(wire.writeAssessment(judged));
      },
    ),
    endpoint(
      {
        ...shape,
        id: `register_${operation}`,
        path: `/governance/${operation}/register`,
        summary: "record who did it, and link the dataset version to the contract",
        scope: "write",
        body: z.object({ plan, assessment }),
        answers: { 204: { description: "registered" } },
      },
      async ({ body, call }) => {
        const assessed = wire.readAssessment(body.assessment);
        await governance.register(operation, wire.readPlan(body.plan), assessed, call);
        return DONE;
      },
    ),
  ];
}
