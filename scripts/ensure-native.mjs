// Builds the addon when its sources have changed since it was last built here.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const binding = join(root, "bindings", "node");
const stampFile = join(root, "node_modules", ".cache", "headgate", "native.stamp");
// librdkafka, OpenSSL and delta-rs make up most of a first build.
const FIRST_BUILD_CORE_MINUTES = 40;
const GENERATED = ["index.cjs", "index.d.ts"];

export const cargo = process.env.CARGO ?? "cargo";

/** Napi names the target of every build; what shares its artifacts has to do the same. */
export function hostTarget() {
  const { stdout } = spawnSync("rustc", ["-vV"], { cwd: root, encoding: "utf8" });
  return /^host: (.*)$/m.exec(stdout)?.[1] ?? "";
}

export function ensureNative({ force = false } = {}) {
  requireTools();
  const stamp = stampOf();
  if (!force && isBuilt() && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) {
    return;
  }
  announce();
  const napi = join(root, "node_modules", ".bin", "napi");
  const output = ["--output-dir", "bindings/node", "--js", "index.cjs", "--dts", "index.d.ts"];
  const build = ["build", "--platform", "--release", "--no-const-enum", ...output];
  const manifest = ["--manifest-path", "bindings/node/Cargo.toml"];
  const { status } = spawnSync(napi, [...build, ...manifest], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

function isBuilt() {
  return existsSync(binding) && readdirSync(binding).some((name) => name.endsWith(".node"));
}

function announce() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const isFirst = !existsSync(join(target, "release", "deps"));
  const minutes = Math.ceil(FIRST_BUILD_CORE_MINUTES / availableParallelism());
  const estimate = isFirst ? `the first build takes about ${minutes} minutes` : "what changed";
  console.log(`building the engine: ${estimate} (${target})`);
}

function requireTools() {
  const missing = [
    [cargo, "Rust: https://rustup.rs"],
    ["cmake", "cmake, from your system's packages"],
    ["cc", "a C compiler, from your system's packages"],
  ].filter(([tool]) => spawnSync(tool, ["--version"], { stdio: "ignore" }).error);
  if (missing.length === 0) return;
  console.error(
    `headgate builds its engine from source here, and ${missing[0][0]} is not on the PATH.`,
  );
  console.error(`Install ${missing.map(([, where]) => where).join("; ")}.`);
  console.error("Then run the same command again.");
  process.exit(1);
}

/** What the addon is made of: the same text for the same sources and compiler. */
function stampOf() {
  const hash = createHash("sha256");
  const rustc = spawnSync("rustc", ["-V"], { cwd: root, encoding: "utf8" });
  hash.update(rustc.stdout ?? "");
  for (const file of ["Cargo.toml", "Cargo.lock", ...sources("crates"), ...sources("bindings")]) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function sources(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".node"))
    .filter((entry) => !GENERATED.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureNative({ force: process.argv.includes("--force") });
}
