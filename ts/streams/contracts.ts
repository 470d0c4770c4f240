import type { ContractDocument, ContractReference } from "../config/types.js";
import { parseContract, readContract } from "../contract/document.js";
import { isMapping } from "../contract/expectation.js";
import { invalidArgument } from "../failure.js";
import type { ContractClient, DataProductClient } from "../governance/clients.js";
import { contractOfPort, type PortList } from "../governance/local-products.js";
import { isSameDocument } from "../governance/store.js";
import type {
  ContractKey,
  ContractSelector,
  DataProductDocument,
  InputBinding,
  OutputBinding,
} from "../governance/types.js";
import { select } from "../governance/versions.js";

/** A contract as a node names it, and its content. */
export interface KnownContract {
  source: string | ContractReference | ContractDocument;
  document: ContractDocument;
}

/** Reads the document that is named by its path. */
export async function knownContract(source: KnownContract["source"]): Promise<KnownContract> {
  const path = typeof source === "string" ? source : isReference(source) ? source.path : undefined;
  if (path === undefined) return { source, document: source as ContractDocument };
  const { text } = await readContract(path);
  const { value, fault } = parseContract(text);
  if (isMapping(value)) return { source, document: value as ContractDocument };
  throw invalidArgument(`${path} is no contract`, {
    operation: "read",
    component: "contract",
    field: "contract",
    expected: "an ODCS document",
    actual: fault ?? typeof value,
  });
}

/** As {@link knownContract}, or by the id under which a client has it. */
export async function namedContract(
  source: KnownContract["source"] | ContractSelector,
  contracts: () => ContractClient,
): Promise<KnownContract> {
  return isSelector(source) ? selectedContract(contracts(), source) : knownContract(source);
}

/** Of the same content, and the same schema object of it. */
export function isSameContract(a: KnownContract, b: KnownContract): boolean {
  const schema = ({ source }: KnownContract) => (isReference(source) ? source.schema : undefined);
  return schema(a) === schema(b) && isSameDocument(a.document, b.document);
}

export function keyOf({ document }: KnownContract): ContractKey {
  return { contractId: String(document.id), contractVersion: String(document.version) };
}

/** The contract that a client has under an id, by version or selector. */
export async function selectedContract(
  contracts: ContractClient,
  { contractId, contractVersion, versionSelector }: ContractSelector,
): Promise<KnownContract> {
  const document = await selected(contracts, contractId, contractVersion ?? versionSelector);
  if (document !== undefined) return { source: document, document };
  const wanted = contractVersion ?? versionSelector ?? "latest";
  throw notThere("there is no such contract", `${contractId} ${wanted}`);
}

/** What a port leads to: the product that says so, and the contract. */
export interface PortContract {
  product: DataProductDocument;
  contract: ContractSelector;
}

/** As a plan of governance has it: the source's output port, if one is named, else the input port. */
export function inputPort(products: DataProductClient, binding: InputBinding) {
  const { sourceDataProduct, sourceDataProductVersion, sourceOutputPort } = binding;
  const { dataProduct, dataProductVersion, portName, sourceContractVersion } = binding;
  return sourceDataProduct === undefined
    ? port(products, dataProduct, dataProductVersion, "inputPorts", portName)
    : port(
        products,
        sourceDataProduct,
        sourceDataProductVersion,
        "outputPorts",
        sourceOutputPort,
        sourceContractVersion,
      );
}

export function outputPort(products: DataProductClient, binding: OutputBinding) {
  const { dataProduct, dataProductVersion, portName } = binding;
  return port(products, dataProduct, dataProductVersion, "outputPorts", portName);
}

async function port(
  products: DataProductClient,
  id: string,
  version: string | undefined,
  list: PortList,
  name: string | undefined,
  contractVersion?: string,
): Promise<PortContract> {
  const product = await selected(products, id, version);
  const label = `${id} ${version ?? "latest"}`;
  if (product === undefined) throw notThere("there is no such data product", label);
  const found = contractOfPort(product, list, name);
  if (found === undefined) {
    const details = "add it to the product: addOutputPort, addInputPort";
    const missing = `${label}, ${name ?? "no port"}`;
    throw notThere(`the data product has no such port among its ${list}`, missing, details);
  }
  return { product, contract: { ...found, ...(contractVersion && { contractVersion }) } };
}

async function selected(
  documents: ContractClient | DataProductClient,
  id: string,
  selector = "latest",
): Promise<ContractDocument | undefined> {
  if (selector === "latest") return documents.latest(id);
  const version = select(await documents.versions(id), selector);
  return version === undefined ? undefined : documents.get(id, version);
}

function isSelector(
  source: KnownContract["source"] | ContractSelector,
): source is ContractSelector {
  return typeof source === "object" && "contractId" in source;
}

function isReference(source: KnownContract["source"]): source is ContractReference {
  return typeof source === "object" && typeof source.path === "string";
}

function notThere(message: string, actual: string, details?: string): Error {
  return invalidArgument(message, {
    operation: "resolve",
    component: "stream",
    field: "contract",
    expected: "a contract, or the port of a data product, that the client has",
    actual,
    details: details ?? "put it first, or name another version",
  });
}
