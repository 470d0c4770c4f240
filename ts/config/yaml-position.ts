import { type Document, isMap, isScalar } from "yaml";
import type { Path } from "./spelling.js";

/** Where a key or its value starts; where what encloses it does, if there is neither. */
export function offsetOf(document: Document, path: Path, of: "key" | "value"): number {
  for (let length = path.length; length > 0; length -= 1) {
    const key = keyOffset(document, path.slice(0, length));
    const node: unknown = document.getIn(path.slice(0, length), true);
    const value = rangeStart(node);
    const wanted = length === path.length && of === "value" ? (value ?? key) : (key ?? value);
    if (wanted !== undefined) return wanted;
  }
  return rangeStart(document.contents) ?? 0;
}

function keyOffset(document: Document, path: Path): number | undefined {
  const parent: unknown =
    path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
  return rangeStart(pair?.key);
}

function rangeStart(node: unknown): number | undefined {
  const range: unknown = typeof node === "object" && node ? Reflect.get(node, "range") : undefined;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}
