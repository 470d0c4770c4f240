import { isMapping } from "../contract/expectation.js";
import { StreamingError } from "../errors.js";
import type { DataProductClient } from "./clients.js";
import { LocalDocuments } from "./local-documents.js";
import type {
  Bump,
  ContractKey,
  DataProductDocument,
  InputPort,
  OutputPort,
  PortChange,
  Properties,
} from "./types.js";
import { bumped, isDraft } from "./versions.js";

const FIRST_VERSION = "0.1.0";

export type PortList = "inputPorts" | "outputPorts";

export class LocalProducts extends LocalDocuments implements DataProductClient {
  addInputPort(id: string, port: InputPort): Promise<PortChange> {
    const { sourceDataProduct, sourceOutputPort } = port;
    const source = { sourceDataProduct, sourceOutputPort };
    return this.#add(id, "inputPorts", port, { ...source, ...port.customProperties });
  }

  addOutputPort(id: string, port: OutputPort): Promise<PortChange> {
    return this.#add(id, "outputPorts", port, port.customProperties ?? {});
  }

  async outputPortContract(id: string, portName: string): Promise<ContractKey | undefined> {
    return contractOfPort(await this.latest(id), "outputPorts", portName);
  }

  /** Another process may take the same version of the draft: then once more, on top of its. */
  async #add(id: string, list: PortList, port: OutputPort, custom: Properties) {
    for (;;) {
      try {
        return await this.#tryAdd(id, list, port, custom);
      } catch (error) {
        if (!StreamingError.is(error, "GOVERNANCE_CONFLICT")) throw error;
      }
    }
  }

  async #tryAdd(id: string, list: PortList, port: OutputPort, custom: Properties) {
    const { portName, contractId, contractVersion, bump = "minor" } = port;
    // Known before the newest is read: what comes between takes the version that is chosen here.
    const taken = await this.versions(id);
    const newest = await this.selected(id, "newest");
    const there = contractOfPort(newest, list, portName);
    if (newest !== undefined && there !== undefined && isSame(there, port)) {
      return { product: newest, changed: false };
    }
    const others = portsOf(newest, list).filter(({ name }) => name !== portName);
    const added = { name: portName, version: contractVersion, contractId, ...properties(custom) };
    const version = draftVersion(taken, newest, bump);
    const base = newest ?? { apiVersion: "1.0.0", kind: "DataProduct", id };
    const product = { ...base, status: "draft", version, [list]: [...others, added] };
    await this.put(product);
    return { product, changed: true };
  }
}

/** One that is not taken: a draft is a version like any other, and not replaced. */
function draftVersion(
  taken: readonly string[],
  newest: DataProductDocument | undefined,
  bump: Bump,
): string {
  const base = String(newest?.version ?? "");
  const [number = ""] = base.split("-");
  const next = newest === undefined ? FIRST_VERSION : isDraft(base) ? number : bumped(base, bump);
  let draft = `${next}-draft`;
  for (let n = 1; taken.includes(draft); n += 1) draft = `${next}-draft.${n}`;
  return draft;
}

export function contractOfPort(
  product: DataProductDocument | undefined,
  list: PortList,
  portName: string | undefined,
): ContractKey | undefined {
  const port = portsOf(product, list).find(({ name }) => name === portName);
  if (typeof port?.contractId !== "string" || typeof port.version !== "string") return undefined;
  return { contractId: port.contractId, contractVersion: port.version };
}

function portsOf(product: DataProductDocument | undefined, list: PortList): readonly Properties[] {
  const ports = product?.[list];
  return Array.isArray(ports) ? ports.filter(isMapping) : [];
}

function isSame(a: ContractKey, b: ContractKey): boolean {
  return a.contractId === b.contractId && a.contractVersion === b.contractVersion;
}

function properties(custom: Properties): { customProperties?: readonly object[] } {
  const given = Object.entries(custom).filter(([, value]) => value !== undefined);
  if (given.length === 0) return {};
  return { customProperties: given.map(([property, value]) => ({ property, value })) };
}
