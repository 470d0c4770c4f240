import type { SourcePosition } from "../errors.js";
import type { Path, Spelling } from "./spelling.js";

/** A configuration as the user wrote it. */
export interface ConfigSource {
  spelling: Spelling;
  value: unknown;
  /** What relative paths start from. */
  baseDir: string;
  /** Of a key or its value; of what encloses it when there is neither. Files only. */
  position(path: Path, of: "key" | "value"): SourcePosition | undefined;
}

/** A configuration given as an object. */
export function objectSource(value: unknown): ConfigSource {
  return { spelling: "camel", value, baseDir: process.cwd(), position: () => undefined };
}
