import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const isBuilt = readdirSync("bindings/node").some((name) => name.endsWith(".node"));
const isDocumented = existsSync("README.md") && existsSync("LICENSE");

test.skipIf(!isBuilt || !isDocumented)(
  "the packed tarballs install without scripts and work in both module systems",
  { timeout: 300_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "headgate-tarballs-"));
    try {
      await run(process.execPath, ["scripts/pack.mjs", folder]);
      const tarballs = readdirSync(folder).sort();
      expect(tarballs).toEqual(["headgate-0.1.0.tgz", "headgate-linux-x64-gnu-0.1.0.tgz"]);
      writeFileSync(join(folder, "package.json"), '{ "private": true }');
      const paths = tarballs.map((name) => `./${name}`);
      const quietly = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
      await run("npm", ["install", ...quietly, ...paths], { cwd: folder });
      const native = "validateConfig({ name: 'x' }).then(({ ok }) => console.log(ok))";
      for (const [type, load] of [
        ["commonjs", "const { validateConfig } = require('headgate')"],
        ["module", "import { validateConfig } from 'headgate'"],
      ]) {
        const args = [`--input-type=${type}`, "--eval", `${load}; ${native}`];
        expect((await run(process.execPath, args, { cwd: folder })).stdout).toBe("false\n");
      }
      const { stdout } = await run("npx", ["--no-install", "headgate", "--help"], { cwd: folder });
      expect(stdout).toContain("Usage: headgate");
      const broker = "require('headgate/testing').EmbeddedBroker.start([]).close()";
      await run(process.execPath, ["--eval", broker], { cwd: folder });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
