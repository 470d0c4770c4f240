import { z } from "zod";
import { packageVersion } from "../../package-version.js";
import type { AnswerShape, Endpoint } from "./endpoint.js";

const REFUSED: Readonly<Record<number, string>> = {
  400: "it cannot be read",
  401: "a bearer token is needed",
  403: "the token lacks the scope, or the page's origin is not allowed",
  413: "the body is too large",
  415: "the body is no JSON",
  421: "the service does not go by that name",
  422: "it has another shape",
  431: "address or headers are too long",
  501: "this platform has no build of the engine",
  503: "the database does not answer, or it took too long",
};

/** The API's description, made of what requests are checked by. */
export function openApiOf(endpoints: readonly Endpoint[], hasTokens: boolean): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] ??= {};
    Object.assign(paths[endpoint.path] ?? {}, {
      [endpoint.method.toLowerCase()]: operationOf(endpoint, hasTokens),
    });
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Headgate governance",
      version: packageVersion(),
      description:
        "Contracts, data products, verdicts, history and lineage. Paths without `/v1` speak the " +
        "protocol of dc43 0.42.",
    },
    paths,
    components: {
      schemas: { Refusal: { type: "object", properties: { detail: {} }, required: ["detail"] } },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
  };
}

function operationOf(endpoint: Endpoint, hasTokens: boolean): object {
  const { id, tag, summary, scope, params, query, body } = endpoint;
  return {
    operationId: id,
    tags: [tag],
    summary,
    parameters: [
      ...parametersOf("path", params),
      ...parametersOf("query", query),
      ...(endpoint.method === "POST" && scope === "write" ? [KEY] : []),
    ],
    ...(body && { requestBody: { required: true, content: contentOf(schemaOf(body, "input")) } }),
    responses: responsesOf(endpoint),
    ...(scope !== "open" && hasTokens && { security: [{ bearer: [] }] }),
    "x-scope": scope,
  };
}

const KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "what is sent again under the same key counts once",
  schema: { type: "string", maxLength: 1_024 },
};

function parametersOf(place: "path" | "query", schema: z.ZodObject | undefined): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "output") as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, each]) => ({
    name,
    in: place,
    required: place === "path" || (required.includes(name) && !("default" in each)),
    schema: each,
  }));
}

function responsesOf({ scope, body, answers }: Endpoint): Record<string, object> {
  const taken = scope === "open" ? [] : [400, 401, 403, 421, 422, 431, 501, 503];
  const refused = [...taken, ...(body ? [413, 415] : [])].map((status) => {
    const description = REFUSED[status];
    // Node answers that by itself, without a body.
    if (status === 431) return [status, { description }] as const;
    const content = contentOf({ $ref: "#/components/schemas/Refusal" });
    return [status, { description, content }] as const;
  });
  const answered = Object.entries(answers).map(([status, shape]) => [status, answerOf(shape)]);
  return { ...Object.fromEntries(refused), ...Object.fromEntries(answered) };
}

function answerOf({ description, body }: AnswerShape): object {
  return body ? { description, content: contentOf(schemaOf(body, "output")) } : { description };
}

function contentOf(schema: object): object {
  return { "application/json": { schema } };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema, ...own } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return own;
}
