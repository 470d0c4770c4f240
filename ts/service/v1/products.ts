import { z } from "zod";
import type { LocalGovernanceService } from "../../governance/local.js";
import { contractOfPort } from "../../governance/local-products.js";
import { type Endpoint, endpoint, ok, orAbsent } from "../http/endpoint.js";
import { cursor, limit, NOT_FOUND, name, pageOf, segment } from "../http/schemas.js";
import type { Database } from "../store/database.js";
import { datasetsOfContract, documentsPage } from "../store/document-pages.js";

const page = z.object({ prefix: name.optional(), limit, cursor });

/** Documents by the page, and what a port leads to. */
export function productEndpoints(
  database: Database,
  { dataProducts }: LocalGovernanceService,
): readonly Endpoint[] {
  const shape = { method: "GET", scope: "read" } as const;
  const listed = { id: z.string(), versions: z.number() };
  const answers = {
    200: { description: "a page, by id", body: pageOf(z.object(listed)) },
  } as const;
  return [
    endpoint(
      {
        ...shape,
        id: "v1_contracts",
        path: "/v1/contracts",
        tag: "contracts",
        summary: "contracts by id",
        query: page,
        answers,
      },
      async ({ query }) => ok(await documentsPage(database, "contracts", query, query)),
    ),
    endpoint(
      {
        ...shape,
        id: "v1_data_products",
        path: "/v1/data-products",
        tag: "data products",
        summary: "data products by id",
        query: page,
        answers,
      },
      async ({ query }) => ok(await documentsPage(database, "data-products", query, query)),
    ),
    endpoint(
      {
        ...shape,
        id: "v1_port",
        path: "/v1/data-products/{data_product_id}/ports/{port_name}",
        tag: "data products",
        summary: "what a port leads to: its contract, and the datasets that are linked to that",
        params: z.object({ data_product_id: segment, port_name: segment }),
        query: z.object({
          version: name.optional().describe("a version, or latest, newest, >=1.0.0"),
          direction: z.enum(["input", "output"]).default("output"),
        }),
        answers: {
          200: {
            description: "where it leads",
            body: z.object({
              product: z.object({ id: z.string(), version: z.string(), status: z.string() }),
              contract: z.object({ id: z.string(), version: z.string() }),
              datasets: z.array(z.string()),
            }),
          },
          ...NOT_FOUND,
        },
      },
      async ({ params, query }) => {
        const product = await dataProducts.selected(
          params.data_product_id,
          query.version ?? "latest",
        );
        const list = query.direction === "input" ? "inputPorts" : "outputPorts";
        const contract = contractOfPort(product, list, params.port_name);
        if (product === undefined || contract === undefined) {
          return orAbsent(undefined, "no such port");
        }
        const { contractId, contractVersion } = contract;
        return ok({
          product: {
            id: String(product.id),
            version: String(product.version),
            status: String(product.status ?? "unknown"),
          },
          contract: { id: contractId, version: contractVersion },
          datasets: await datasetsOfContract(database, contract),
        });
      },
    ),
  ];
}
