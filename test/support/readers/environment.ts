import { join } from "node:path";
import { python } from "../python.ts";
import { root } from "../root.ts";

/** Where the scripts of the readers lie. */
export const readersFolder = join(root, "test", "support", "readers");

/** Python with DuckDB, its Delta extension and the `deltalake` package. */
export function readers(): Promise<string> {
  return python("readers", join(readersFolder, "requirements.txt"));
}
