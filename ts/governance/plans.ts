import { governanceError } from "./fault.js";
import type { LocalDocuments } from "./local-documents.js";
import { contractOfPort, type PortList } from "./local-products.js";
import type {
  ContractSelector,
  DataProductDocument,
  GovernanceContext,
  GovernancePlan,
  InputBinding,
  Operation,
} from "./types.js";

interface PortAddress {
  id: string;
  version: string | undefined;
  list: PortList;
  port: string | undefined;
}

/** What stands for a version that is yet to be found. */
const SELECTOR = /^([=>]|(latest|newest)$)/;

/** Finds the contract that a context means. */
export class PlanResolver {
  readonly #contracts: LocalDocuments;
  readonly #products: LocalDocuments;

  constructor(contracts: LocalDocuments, products: LocalDocuments) {
    this.#contracts = contracts;
    this.#products = products;
  }

  async resolve(operation: Operation, context: GovernanceContext): Promise<GovernancePlan> {
    const selector = context.contract ?? (await this.#ofPort(operation, context));
    const { contractId, contractVersion, versionSelector = "latest" } = selector;
    const wanted = contractVersion ?? versionSelector;
    const exactly = contractVersion === undefined ? wanted : `==${contractVersion}`;
    const contract = await this.#contracts.selected(contractId, exactly);
    if (contract === undefined) throw noContract(`${contractId} ${wanted}`);
    const version = String(contract.version);
    const defaults = { bump: "minor", draftOnViolation: false } as const;
    return { ...defaults, ...context, contract, contractId, contractVersion: version };
  }

  #ofPort(operation: Operation, context: GovernanceContext): Promise<ContractSelector> {
    const { inputBinding: input, outputBinding: output } = context;
    const binding = operation === "read" ? input : output;
    if (binding === undefined) throw noContract("neither a contract nor a data product");
    if (operation === "read" && input?.sourceDataProduct !== undefined) {
      return this.#ofSource(input, input.sourceDataProduct, context);
    }
    const { dataProduct: id, dataProductVersion: version, portName: port } = binding;
    const list = operation === "read" ? "inputPorts" : "outputPorts";
    return this.#port({ id, version, list, port }, context);
  }

  /** The port of the product that it is read from says which contract holds. */
  async #ofSource(input: InputBinding, id: string, context: GovernanceContext) {
    const { sourceDataProductVersion: version, sourceOutputPort: port } = input;
    const found = await this.#port({ id, version, list: "outputPorts", port }, context);
    return { ...found, contractVersion: input.sourceContractVersion ?? found.contractVersion };
  }

  async #port({ id, version, list, port }: PortAddress, context: GovernanceContext) {
    const product = await this.#product(id, version, context);
    const found = contractOfPort(product, list, port);
    if (found === undefined) throw noContract(`${id}, ${port ?? "no port"}`);
    return found;
  }

  async #product(id: string, version: string | undefined, context: GovernanceContext) {
    const selector =
      version === undefined ? "latest" : SELECTOR.test(version) ? version : `==${version}`;
    const product = await this.#products.selected(id, selector);
    if (product === undefined) throw noContract(`${id} ${version ?? "latest"}`);
    requireStatus(product, context);
    return product;
  }
}

/** A product in a state that the context does not allow is refused, unless it says otherwise. */
function requireStatus(product: DataProductDocument, context: GovernanceContext): void {
  const { allowedDataProductStatuses: allowed, enforceDataProductStatus: isEnforced = true } =
    context;
  if (allowed === undefined || !isEnforced) return;
  const status = product.status;
  if (status === undefined && context.allowMissingDataProductStatus) return;
  const isFolded = context.dataProductStatusCaseInsensitive ?? false;
  const folded = (text: unknown) => (isFolded ? String(text).toLowerCase() : String(text));
  if (status !== undefined && allowed.map(folded).includes(folded(status))) return;
  const message = context.dataProductStatusFailureMessage ?? "the data product may not be used";
  throw governanceError("GOVERNANCE_REFUSED", message, {
    operation: "resolve",
    field: "status",
    expected: allowed.join(" or "),
    actual: status === undefined ? "nothing" : String(status),
  });
}

function noContract(actual: string): Error {
  return governanceError("GOVERNANCE_NO_CONTRACT", "there is no such contract", {
    operation: "resolve",
    field: "contract",
    expected: "a contract, or the port of a data product, that the service has",
    actual,
    details: "put it first, or link the dataset to one that is there",
  });
}
