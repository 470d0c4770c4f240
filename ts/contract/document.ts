import { readFile } from "node:fs/promises";
import { LineCounter, parseDocument } from "yaml";
import { toIssue } from "../config/issue.js";
import type { Path } from "../config/spelling.js";
import type { ContractDocument } from "../config/types.js";
import { offsetOf } from "../config/yaml-position.js";
import { invalidConfig } from "../failure.js";

/** A contract as the engine takes it, and as its author wrote it. */
export interface ContractText {
  text: string;
  /** Where it was read; absent for an object, whose text has no lines of its author's. */
  file?: string;
}

/** Throws `CONTRACT_UNREADABLE` where there is no such file. */
export async function readContract(contract: string | ContractDocument): Promise<ContractText> {
  if (typeof contract !== "string") return { text: JSON.stringify(contract) };
  try {
    return { text: await readFile(contract, "utf8"), file: contract };
  } catch (error) {
    const actual = error instanceof Error ? error.message : String(error);
    const said = { code: "CONTRACT_UNREADABLE" as const, expected: "a file", actual };
    const issue = toIssue({ path: [], ...said }, undefined);
    throw invalidConfig({ issues: [{ ...issue, component: "contract" }] });
  }
}

/** Line and column count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** The document as data, and where each part of it stands; the fault of one that is no YAML. */
export function parseContract(text: string): {
  value?: unknown;
  fault?: string;
  placeOf(path: Path, of: "key" | "value"): Place;
} {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeOf = (path: Path, of: "key" | "value"): Place => {
    const { line, col } = lines.linePos(offsetOf(document, path, of));
    return { line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) return { fault: error.message, placeOf };
  try {
    return { value: document.toJS(), placeOf };
  } catch (unfolded) {
    return { fault: (unfolded as Error).message, placeOf }; // Aliases without end.
  }
}
