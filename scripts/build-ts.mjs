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
  const schemas = [
    ...["contract/standard", "openlineage/headgate-facets.json", "openlineage/standard"],
    "service/products/standard",
  ];
  for (const each of schemas) {
    cpSync(join(root, "ts", each), join(root, "dist", each), { recursive: true });
  }
  chmodSync(join(root, "dist", "cli", "main.js"), 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildTs();
