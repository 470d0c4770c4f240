import { z } from "zod";
import type { CallOptions, ContractKey, DatasetKey } from "../../governance/types.js";
import { DONE, type Endpoint, endpoint } from "../http/endpoint.js";
import { name } from "../http/schemas.js";

const link = z.object({
  dataset_id: name,
  dataset_version: name,
  contract_id: name,
  contract_version: name,
});

/** dc43 has it twice, with two statuses. */
export function linkEndpoint(
  id: string,
  path: string,
  status: 200 | 204,
  add: (dataset: DatasetKey, contract: ContractKey, call: CallOptions) => Promise<void>,
): Endpoint {
  return endpoint(
    {
      id,
      method: "POST",
      path,
      tag: path.startsWith("/contracts") ? "contracts" : "governance",
      summary: "link a dataset version to a contract",
      scope: "write",
      body: link,
      answers: { [status]: { description: "linked" } },
    },
    async ({ body, call }) => {
      const dataset = { datasetId: body.dataset_id, datasetVersion: body.dataset_version };
      const { contract_id: contractId, contract_version: contractVersion } = body;
      await add(dataset, { contractId, contractVersion }, call);
      return status === 200 ? { status, body: null } : DONE;
    },
  );
}

/** dc43 answers `{"contract_version": "<id>:<version>"}`. */
export function linkOf({ contractId, contractVersion }: ContractKey): object {
  return { contract_version: `${contractId}:${contractVersion}` };
}
