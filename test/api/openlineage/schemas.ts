import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { LineageEvent, LineageFacets } from "../../../ts/openlineage/event.ts";

const standard = "test/api/openlineage/standard";
const facets = join(standard, "facets");
const own = "ts/openlineage/headgate-facets.json";

type Schema = { $id: string; properties?: Record<string, { $ref: string }> };

function read(path: string): Schema {
  return JSON.parse(readFileSync(path, "utf8"));
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
const facetSchemas = [...readdirSync(facets).map((name) => read(join(facets, name))), read(own)];
for (const schema of [read("ts/openlineage/standard/OpenLineage.json"), ...facetSchemas]) {
  ajv.addSchema(schema);
}

/** Under which key, and by which schema, a facet may stand. */
const allowed = new Map(
  facetSchemas.flatMap(({ $id, properties = {} }) =>
    Object.entries(properties).map(([key, { $ref }]) => [`${$id}${$ref}`, key] as const),
  ),
);

/** What of an event departs from OpenLineage, or from the schemas of Headgate's own facets. */
export function problemsOf(event: LineageEvent): string[] {
  const sent = JSON.parse(JSON.stringify(event)) as LineageEvent;
  const datasets = [...sent.inputs, ...sent.outputs];
  const all: LineageFacets[] = [sent.run.facets, sent.job.facets, ...datasets.map((d) => d.facets)];
  all.push(...sent.inputs.map(({ inputFacets }) => inputFacets));
  all.push(...sent.outputs.map(({ outputFacets }) => outputFacets));
  return [...problems(sent.schemaURL, sent), ...all.flatMap(facetProblems)];
}

function facetProblems(named: LineageFacets): string[] {
  return Object.entries(named).flatMap(([key, facet]) => {
    const url = facet._schemaURL;
    if (allowed.get(url) !== key) return [`${key}: no such facet by ${url}`];
    return problems(url, facet).map((problem) => `${key}${problem}`);
  });
}

function problems(url: string, data: unknown): string[] {
  const validate = ajv.getSchema(url);
  if (validate === undefined) return [`no schema ${url}`];
  validate(data);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
