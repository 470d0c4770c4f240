import { z } from "zod";
import type { LocalGovernanceService } from "../../governance/local.js";
import type { LocalDocuments } from "../../governance/local-documents.js";
import type { InputPort } from "../../governance/types.js";
import * as wire from "../../governance/wire.js";
import { DONE, type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import { HttpFault } from "../http/faults.js";
import {
  bump,
  CONFLICT,
  detail,
  document,
  json,
  MOST_A_PAGE,
  NOT_FOUND,
  name,
  optionalJson,
  optionalName,
  segment,
} from "../http/schemas.js";
import { productProblems } from "../products/standard.js";
import { linkEndpoint, linkOf } from "./links.js";

const DOCUMENT = { 200: { description: "the document", body: json } } as const;

interface Kind {
  root: "/contracts" | "/data-products";
  /** What the API's description calls one of them. */
  noun: "contract" | "data_product";
  tag: string;
  documents: LocalDocuments;
  version: "contract_version" | "version";
  check(sent: object): readonly string[];
}

export function documentEndpoints(service: LocalGovernanceService): readonly Endpoint[] {
  const { contracts, dataProducts } = service;
  return [
    ...versioned({
      ...{ root: "/contracts", noun: "contract", tag: "contracts", documents: contracts },
      ...{ version: "contract_version", check: () => [] },
    }),
    linkEndpoint("link_contract", "/contracts/link", 200, (dataset, contract, call) =>
      contracts.link(dataset, contract, call),
    ),
    endpoint(
      {
        id: "linked_contract",
        method: "GET",
        path: "/contracts/datasets/{dataset_id}/linked",
        tag: "contracts",
        summary: "the contract that a dataset, or a version of it, was linked to last",
        scope: "read",
        params: z.object({ dataset_id: segment }),
        query: z.object({ dataset_version: name.optional() }),
        answers: { 200: { description: "the link", body: json }, ...NOT_FOUND },
      },
      async ({ params, query }) =>
        orAbsent(
          await contracts.linked(params.dataset_id, query.dataset_version),
          "no contract is linked",
          linkOf,
        ),
    ),
    ...versioned({
      ...{ root: "/data-products", noun: "data_product", tag: "data products" },
      ...{ documents: dataProducts, version: "version", check: productProblems },
    }),
    ...portEndpoints(service),
  ];
}

function versioned({ root, noun, tag, documents, version, check }: Kind): readonly Endpoint[] {
  const id = `${noun}_id` as const;
  const params = z.object({ [id]: segment });
  const versionParams = z.object({ [id]: segment, [version]: segment });
  const absent = `${noun.replace("_", " ")} not found`;
  const at = `${root}/{${id}}`;
  return [
    endpoint(
      {
        id: `put_${noun}`,
        method: "PUT",
        path: `${at}/versions/{${version}}`,
        tag,
        summary: "put a version; one that is there is never replaced by other content",
        scope: "write",
        params: versionParams,
        body: document,
        answers: {
          204: { description: "it is there" },
          400: { description: "path and document differ", body: detail },
          ...CONFLICT,
        },
      },
      async ({ params, body }) => {
        if (body.id !== params[id] || body.version !== params[version]) {
          throw new HttpFault(400, "id and version of the path and of the document differ");
        }
        const problems = check(body);
        if (problems.length > 0) throw new HttpFault(422, problems.slice(0, 20).join("; "));
        await documents.put(body);
        return DONE;
      },
    ),
    endpoint(
      {
        id: `get_${noun}`,
        method: "GET",
        path: `${at}/versions/{${version}}`,
        tag,
        summary: "one version",
        scope: "read",
        params: versionParams,
        answers: { ...DOCUMENT, ...NOT_FOUND },
      },
      async ({ params }) =>
        orAbsent(await documents.get(String(params[id]), String(params[version])), absent),
    ),
    endpoint(
      {
        id: `list_${noun}s`,
        method: "GET",
        path: root,
        tag,
        summary: "ids, by the page",
        scope: "read",
        query: z.object({
          limit: z.coerce.number().int().min(0).max(MOST_A_PAGE).optional(),
          offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
        }),
        answers: {
          200: {
            description: "a page",
            body: z.object({
              items: z.array(z.string()),
              total: z.number(),
              limit: z.number().optional().describe("if it was asked for, or there is more"),
              offset: z.number(),
            }),
          },
        },
      },
      async ({ query: { limit, offset } }) => {
        const page = await documents.list({ limit: limit ?? MOST_A_PAGE, offset });
        const isWhole = limit === undefined && page.items.length === page.total;
        const { limit: _, ...rest } = page;
        return ok(isWhole ? rest : page);
      },
    ),
    endpoint(
      {
        id: `latest_${noun}`,
        method: "GET",
        path: `${at}/latest`,
        tag,
        summary: "the highest release; the highest draft where nothing was released",
        scope: "read",
        params,
        answers: { ...DOCUMENT, ...NOT_FOUND },
      },
      async ({ params }) => orAbsent(await documents.latest(String(params[id])), absent),
    ),
    endpoint(
      {
        id: `${noun}_versions`,
        method: "GET",
        path: `${at}/versions`,
        tag,
        summary: "its versions, the lowest first",
        scope: "read",
        params,
        answers: { 200: { description: "versions", body: z.array(z.string()) } },
      },
      async ({ params }) => ok(await documents.versions(String(params[id]))),
    ),
  ];
}

const outputPort = z.object({
  port_name: name,
  contract_id: name,
  contract_version: name,
  bump,
  custom_properties: optionalJson,
});
const inputPort = outputPort.extend({
  source_data_product: optionalName,
  source_output_port: optionalName,
});
const CHANGED = {
  200: {
    description: "the product, and whether the port is new to it",
    body: z.object({ product: json, changed: z.boolean() }),
  },
} as const;

function portEndpoints({ dataProducts }: LocalGovernanceService): readonly Endpoint[] {
  const params = z.object({ data_product_id: segment });
  const shape = {
    method: "POST",
    tag: "data products",
    scope: "write",
    params,
    answers: CHANGED,
  } as const;
  return [
    endpoint(
      {
        ...shape,
        id: "add_input_port",
        path: "/data-products/{data_product_id}/input-ports",
        summary: "a port that is new makes a draft of the product",
        body: inputPort,
      },
      async ({ params, body }) =>
        ok(await dataProducts.addInputPort(params.data_product_id, portOf(body))),
    ),
    endpoint(
      {
        ...shape,
        id: "add_output_port",
        path: "/data-products/{data_product_id}/output-ports",
        summary: "a port that is new makes a draft of the product",
        body: outputPort,
      },
      async ({ params, body }) =>
        ok(await dataProducts.addOutputPort(params.data_product_id, portOf(body))),
    ),
    endpoint(
      {
        id: "output_port_contract",
        method: "GET",
        path: "/data-products/{data_product_id}/output-ports/{port_name}/contract",
        tag: "data products",
        summary: "the contract of an output port of the latest version",
        scope: "read",
        params: z.object({ data_product_id: segment, port_name: segment }),
        answers: {
          200: {
            description: "the contract",
            body: z.object({ contract_id: z.string(), contract_version: z.string() }),
          },
          ...NOT_FOUND,
        },
      },
      async ({ params }) =>
        orAbsent(
          await dataProducts.outputPortContract(params.data_product_id, params.port_name),
          "no such output port",
          wire.snaked,
        ),
    ),
  ];
}

function portOf(body: object): InputPort {
  return wire.cameled(wire.defined(body)) as unknown as InputPort;
}
