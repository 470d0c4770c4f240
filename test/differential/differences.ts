import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../support/root.ts";

/** What each side says of a rule. */
export type Said = Record<"headgate" | "peer", string>;

/** `differences.yaml`: the reasons are for people. */
interface Document {
  onlyHeadgate: Record<string, string>;
  differences: { reason: string; rules: Record<string, Said> }[];
}

/** Kinds of rules that only Headgate has, and rules on which both differ. */
export interface Listed {
  onlyHeadgate: string[];
  differences: Record<string, Said>;
}

export async function listedDifferences(): Promise<Listed> {
  const file = join(root, "test", "differential", "differences.yaml");
  const { onlyHeadgate, differences }: Document = parse(await readFile(file, "utf8"));
  return {
    onlyHeadgate: Object.keys(onlyHeadgate),
    differences: Object.assign({}, ...differences.map(({ rules }) => rules)),
  };
}
