// Every test of the project, one after the other; the last line sums them up. `--quick` leaves out
// what needs servers or many minutes.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cargo, hostTarget } from "./ensure-native.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = (name) => join(root, "node_modules", ".bin", name);
// One build of every dependency serves addon, lint and tests.
const all = ["--release", "--workspace", "--target", hostTarget()];
const isQuick = process.argv.includes("--quick");
const totals = { passed: 0, failed: 0 };
const failures = [];

await check("format of the Rust code", cargo, ["fmt", "--all", "--check"]);
await check("format and lint of everything else", bin("biome"), ["check", "--error-on-warnings"]);
await check("types", bin("tsc"), ["--project", "tsconfig.json"]);
await check("the package's manifest", bin("publint"), ["--strict"]);
await check("the package's types", bin("attw"), ["--pack", ".", "--profile", "node16"]);
const generated = ["bindings/node/index.cjs", "bindings/node/index.d.ts"];
await check("the generated binding is committed", "git", ["diff", "--exit-code", ...generated]);
if (!isQuick) {
  const lint = ["clippy", ...all, "--all-targets", "--", "-D", "warnings"];
  await check("lint of the Rust code", cargo, lint);
}
await engineStandsAlone();
await rust();
await typescript("api");
if (!isQuick) await typescript("integration");

if (failures.length > 0) console.log(`\nfailed: ${failures.join("; ")}`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;

/** A command that passes or fails as a whole. */
async function check(name, command, args) {
  const { status } = await run(name, command, args);
  count(name, status === 0 ? 1 : 0, status === 0 ? 0 : 1);
}

/** The engine is tested on fakes; what it stands for must not be needed to build it. */
async function engineStandsAlone() {
  const name = "the engine is built without librdkafka and deltalake";
  const args = ["tree", "-p", "headgate-engine", "-e", "all", "--prefix", "none"];
  const { status, output } = await run(name, cargo, args, { isQuiet: true });
  const isAlone = status === 0 && !/^(rdkafka|deltalake|datafusion)/m.test(output);
  count(name, isAlone ? 1 : 0, isAlone ? 0 : 1);
}

async function rust() {
  const name = "Rust tests";
  const { status, output } = await run(name, cargo, ["test", ...all, "--no-fail-fast"]);
  const sum = (word) =>
    [...output.matchAll(new RegExp(`^test result: .* (\\d+) ${word};`, "gm"))].reduce(
      (total, [, number]) => total + Number(number),
      0,
    );
  count(name, sum("passed"), sum("failed"), status);
}

async function typescript(project) {
  const name = `TypeScript tests: ${project}`;
  const folder = mkdtempSync(join(tmpdir(), "headgate-report-"));
  const file = join(folder, "report.json");
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const { status } = await run(name, bin("vitest"), ["run", "--project", project, ...report]);
  const { numPassedTests = 0, numFailedTests = 0 } = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : {};
  rmSync(folder, { recursive: true });
  count(name, numPassedTests, numFailedTests, status);
}

/** A runner that fails without a failed test, by not compiling for one, counts as one. */
function count(name, passed, failed, status = 0) {
  const broken = status !== 0 && failed === 0 ? 1 : 0;
  totals.passed += passed;
  totals.failed += failed + broken;
  if (failed + broken > 0) failures.push(name);
}

/** Runs a command, shows what it prints as it comes, and keeps it. */
function run(name, command, args, { isQuiet = false } = {}) {
  console.log(`\n── ${name}`);
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    if (!isQuiet) process.stdout.write(text);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(error.message);
      resolve({ status: 1, output });
    });
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}
