// Compiles ts/ to dist/ and copies JSON schemas, from nothing, so that a removed file does not live on.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export function buildTs() {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { status } = spawnSync(tsc, ["--project", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  for (const schemas of ["contract/standard", "openlineage/headgate-facets.json"]) {
    cpSync(join(root, "ts", schemas), join(root, "dist", schemas), { recursive: true });
  }
  chmodSync(join(root, "dist", "cli", "main.js"), 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildTs();
