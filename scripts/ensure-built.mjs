// Makes a fresh clone ready to run: packages, the addon, dist/. Needs nothing but Node to start.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

if (!hasPackages()) {
  console.log("installing packages");
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm ? [process.execPath, npm] : ["npm"];
  const ignoring = "--ignore-scripts"; // `prepare` would compile what is compiled below.
  const { status } = spawnSync(command, [...first, "ci", ignoring], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

const { ensureNative } = await import("./ensure-native.mjs");
ensureNative();
const { buildTs } = await import("./build-ts.mjs");
buildTs();

/** True when what is installed is what the lock file names. */
function hasPackages() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const versions = (file) =>
    Object.entries(JSON.parse(readFileSync(file, "utf8")).packages).filter(([path]) => path !== "");
  const present = new Map(versions(installed).map(([path, { version }]) => [path, version]));
  return versions(join(root, "package-lock.json")).every(
    ([path, { version, optional, peer }]) => optional || peer || present.get(path) === version,
  );
}
