import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { run, runTool } from "./command.ts";

const PYTHON_REMEDY =
  "tests that read tables with other implementations need Python 3 with venv " +
  "(Debian: apt-get install python3-venv)";

/** An interpreter with exactly the packages of a `requirements.txt`, installed once. */
export async function python(name: string, requirements: string): Promise<string> {
  const folder = await cached(name, await readFile(requirements, "utf8"), async (venv) => {
    await runTool("python3", ["-m", "venv", venv], PYTHON_REMEDY);
    process.stderr.write(`installing the Python packages of ${name}\n`);
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
    await run(join(venv, "bin", "python"), ["-m", "pip", "install", ...quiet, "-r", requirements]);
  });
  return join(folder, "bin", "python");
}
