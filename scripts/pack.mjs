// Makes the tarballs of a release for this platform: the package, and the one with its addon. The
// working tree is left as it is. Usage: node scripts/pack.mjs [folder], by default ./npm/tarballs.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = resolve(process.argv[2] ?? join(root, "npm", "tarballs"));
const staging = mkdtempSync(join(tmpdir(), "headgate-pack-"));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
mkdirSync(target, { recursive: true });

try {
  // napi writes its folders beside the manifest that it is given.
  const { scripts, devDependencies, ...published } = manifest;
  const write = (json) =>
    writeFileSync(join(staging, "package.json"), JSON.stringify(json, null, 2));
  write(published);
  for (const path of [...published.files, "README.md", "LICENSE"]) {
    cpSync(join(root, path), join(staging, path), { recursive: true });
  }
  napi("create-npm-dirs");
  const artifacts = join(staging, "artifacts");
  mkdirSync(artifacts);
  const binding = join(root, "bindings", "node");
  for (const name of readdirSync(binding).filter((name) => name.endsWith(".node"))) {
    cpSync(join(binding, name), join(artifacts, name));
  }
  napi("artifacts", "--output-dir", "artifacts", "--build-output-dir", "bindings/node");
  const platforms = readdirSync(join(staging, "npm"));
  const names = platforms.map((platform) => [`${manifest.name}-${platform}`, manifest.version]);
  write({ ...published, optionalDependencies: Object.fromEntries(names) });
  for (const platform of platforms) pack(join(staging, "npm", platform));
  pack(staging);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

function napi(...args) {
  const cli = join(root, "node_modules", ".bin", "napi");
  execFileSync(cli, args, { cwd: staging, stdio: ["ignore", "ignore", "inherit"] });
}

function pack(folder) {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", target];
  const [{ filename, size }] = JSON.parse(
    execFileSync("npm", args, { cwd: folder, encoding: "utf8" }),
  );
  console.log(`${join(target, filename)}  ${(size / 1e6).toFixed(1)} MB`);
}
