import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { SeenRequest } from "./dc43-server.ts";

// What dc43-service-backends 0.42.0.0 (Apache-2.0) says of its own API.
interface Operation {
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: object }> };
}
const text = readFileSync("test/api/governance/support/openapi.json", "utf8");
const api: { paths: Record<string, Record<string, Operation>>; components: object } =
  JSON.parse(text);
const ajv = new Ajv2020({ strict: false });

/** `GET /contracts/{contract_id}/latest`, and what it takes. */
export const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
    return { endpoint: `${method.toUpperCase()} ${path}`, method, pattern, operation };
  }),
);

export function endpointOf({ method, path }: Pick<SeenRequest, "method" | "path">) {
  const is = (each: (typeof operations)[number]) =>
    each.method.toUpperCase() === method && each.pattern.test(path);
  return operations.find(is);
}

/** Where a request is not what the API takes. */
export function departures(request: SeenRequest): string[] {
  const { method, path, query, body } = request;
  const said = (what: string) => `${method} ${path}: ${what}`;
  const found = endpointOf(request);
  if (found === undefined) return [said("no such endpoint")];
  const { parameters = [], requestBody } = found.operation;
  const taken = parameters.filter((each) => each.in === "query");
  const names = taken.map(({ name }) => name);
  const unknown = Object.keys(query).filter((name) => !names.includes(name));
  const missing = taken.filter(({ name, required }) => required && !(name in query));
  const schema = requestBody?.content["application/json"]?.schema;
  const isSent = body !== undefined;
  if (isSent !== (schema !== undefined && method !== "GET")) return [said("a body, or none")];
  const validate = ajv.compile({ ...schema, components: api.components });
  if (isSent) validate(body);
  return [
    ...unknown.map((name) => said(`unknown ${name}`)),
    ...missing.map(({ name }) => said(`no ${name}`)),
    ...(validate.errors ?? []).map(({ instancePath, message }) =>
      said(`${instancePath} ${message}`),
    ),
  ];
}
