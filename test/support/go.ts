import { join } from "node:path";
import { cached } from "./cache.ts";
import { run, runTool } from "./command.ts";

const GO_REMEDY =
  "tests against a real S3 server build it from its Go module and need Go, 1.25 or newer, on PATH";

/** A program of a Go module, built once: minutes on two cores. */
export async function goProgram(name: string, module: string): Promise<string> {
  const folder = await cached(name, module, async (bin) => {
    await runTool("go", ["version"], GO_REMEDY);
    process.stderr.write(`building ${name}, which takes some minutes once\n`);
    await run("go", ["install", "-trimpath", "-ldflags=-s -w", module], {
      env: { GOBIN: bin, CGO_ENABLED: "0", GOTOOLCHAIN: "local" },
    });
  });
  return join(folder, name);
}
