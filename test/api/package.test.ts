import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { expect, test } from "vitest";

// The built package, as `npm test` has built it.
const run = promisify(execFile);
const require = createRequire(`${process.cwd()}/package.json`);
const manifest = JSON.parse(readFileSync("package.json", "utf8"));

/** What a program prints that is run in another process. */
async function printed(type: "module" | "commonjs", program: string): Promise<unknown> {
  const args = [`--input-type=${type}`, "--eval", program];
  return JSON.parse((await run(process.execPath, args)).stdout);
}

test.each(["headgate", "headgate/governance", "headgate/testing"])(
  "%s has one identity in both module systems",
  async (name) => {
    const program = `
    import { createRequire } from "node:module";
    import * as esm from "${name}";
    const cjs = createRequire("${process.cwd()}/x.js")("${name}");
    const names = Object.keys(cjs).sort();
    const same = names.every((name) => cjs[name] === esm[name]);
    console.log(JSON.stringify({ same, names, esm: Object.keys(esm).sort() }));`;
    const { same, names, esm } = (await printed("module", program)) as Record<string, string[]>;
    expect(same).toBe(true);
    const withoutInterop = esm?.filter(
      (each) => !["default", "module.exports", "__esModule"].includes(each),
    );
    expect(withoutInterop).toEqual(names);
  },
);

test("what is exported is what is documented", () => {
  expect(Object.keys(require("headgate")).sort()).toEqual([
    ...["STREAMING_ERROR_CODES", "StreamingError", "StreamingFormatNotSupportedError"],
    ...["StreamingInterventionError", "StreamingQueryError", "StreamingValidationError"],
    ...["adoptQuery", "checkContract", "checkpointTable", "circuitBreaker", "consecutiveFailures"],
    ...["consoleTransport", "contractStore", "errorBudget", "fileTransport"],
    ...["flagWriteViolationStrategy", "gracefulShutdown", "httpTransport"],
    ...["inMemoryContracts", "manual", "neverBlock", "noOpWriteViolationStrategy"],
    ...["openLineage", "optimizeTable", "readStreamFromContract", "readStreamFromDataProduct"],
    ...[
      "readStreamWithContract",
      "readStreamWithGovernance",
      "releaseQuery",
      "rerouted",
      "rewindQuery",
    ],
    ...["rowCountDrop", "ruleThresholds", "runStreamingScenario", "selectContract"],
    ...["splitWriteViolationStrategy", "startQuery"],
    ...["streamWriter", "strictWriteViolationStrategy", "strictest", "testContract", "vacuumTable"],
    ...["validateConfig", "verifyTable", "violationRatio", "writeStreamToDataProduct"],
    ...["writeStreamWithContract", "writeStreamWithGovernance"],
  ]);
});

test("an error of one module system is known in the other", async () => {
  const program = `
    import { createRequire } from "node:module";
    import { StreamingError, startQuery } from "headgate";
    const cjs = createRequire("${process.cwd()}/x.js")("headgate");
    const error = await startQuery("/nowhere.yaml").catch((error) => error);
    console.log(JSON.stringify([StreamingError.is(error), cjs.StreamingValidationError.is(error)]));`;
  expect(await printed("module", program)).toEqual([true, true]);
});

test("help needs no addon, and names every command", async () => {
  const { stdout } = await run(process.execPath, [manifest.bin.headgate, "--help"]);
  const commands = ["run", "validate", "verify", "demo", "release", "adopt", "rewind"];
  const others = ["optimize", "vacuum", "checkpoint", "contract", "scenario"];
  for (const command of [...commands, ...others]) {
    expect(stdout).toContain(command);
  }
});

test("the package holds contracts to the standard, whose compiler is loaded on first use", async () => {
  const contract = "examples/contracts/gps_pings.odcs.yaml";
  const args = [manifest.bin.headgate, "contract", "check", contract];
  expect((await run(process.execPath, args)).stdout).toContain(`${contract} can be used`);
  const program = `
    const { checkContract } = require("${process.cwd()}");
    const hasCompiler = () => Object.keys(require.cache).some((path) => path.includes("/ajv/"));
    const before = hasCompiler();
    checkContract("${contract}").then(({ warnings }) =>
      console.log(JSON.stringify({ before, after: hasCompiler(), warnings })));`;
  const told = await printed("commonjs", program);
  expect(told).toEqual({ before: false, after: true, warnings: [] });
}, 30_000);

test("a wrong command line ends with status 2", async () => {
  const wrong = run(process.execPath, [manifest.bin.headgate, "run"]);
  await expect(wrong).rejects.toMatchObject({ code: 2 });
});

test("the lock file names no registry", () => {
  expect(readFileSync("package-lock.json", "utf8")).not.toContain('"resolved"');
});

test("nothing runs when the package is installed", () => {
  for (const script of ["preinstall", "install", "postinstall"]) {
    expect(manifest.scripts).not.toHaveProperty(script);
  }
});
