import type { ContractDocument } from "headgate";
import { stringify } from "yaml";

function head(id: string) {
  return { apiVersion: "v3.1.0", kind: "DataContract", id, version: "1.0.0", status: "active" };
}

/** A contract of one schema object, which is named as the contract is. */
export function contractDocument(
  name: string,
  schema: { properties: readonly object[]; quality?: readonly object[] },
  change: object = {},
): ContractDocument {
  return { ...head(name), schema: [{ name, ...schema }], ...change };
}

/** A contract in YAML: five lines of head, then `rest`. */
export function contractText(id: string, rest: string): string {
  return stringify(head(id)) + rest;
}
