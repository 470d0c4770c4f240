import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs the `main` of a TypeScript file of this repository: Node 20 cannot by itself. */
export async function runTypeScript(path) {
  process.chdir(root);
  const options = { root, configFile: false, logLevel: "error" };
  const { module } = await runnerImport(join(root, path), options);
  await module.main();
}
