import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { ConfigIssue, SourcePosition } from "../errors.js";
import { toIssue } from "./issue.js";
import type { ConfigSource } from "./source.js";
import { offsetOf } from "./yaml-position.js";

/** Reads a YAML (or JSON) file; positions name it as `file` was given. */
export async function yamlSource(file: string): Promise<ConfigSource | ConfigIssue[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const actual = error instanceof Error ? error.message : String(error);
    return [
      toIssue({ path: [], code: "CONFIG_UNREADABLE", expected: "a file", actual }, undefined),
    ];
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0) {
    return document.errors.map(({ message, pos }) =>
      toIssue({ path: [], code: "CONFIG_SYNTAX", expected: "YAML", actual: message }, at(pos[0])),
    );
  }
  keepOptionsAsWritten(document);
  return {
    spelling: "snake",
    value: document.toJS(),
    baseDir: dirname(resolve(file)),
    position: (path, of) => at(offsetOf(document, path, of)),
  };
}

/** `1.10` and `0x1F` under `options` are text, not numbers. */
function keepOptionsAsWritten(document: Document): void {
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || pair.key.value !== "options" || !isMap(pair.value)) return;
      for (const { value } of pair.value.items) {
        if (!isScalar(value) || value.source === undefined) continue;
        if (typeof value.value === "number" || typeof value.value === "bigint") {
          value.value = value.source;
        }
      }
    },
  });
}
