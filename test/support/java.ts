import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "./cache.ts";
import { run, runTool } from "./command.ts";

const OLDEST_JAVA = 17;
const JAVA_REMEDY =
  `tests against real Kafka need a JDK, ${OLDEST_JAVA} or newer ` +
  "(Debian: apt-get install openjdk-17-jdk-headless), on PATH or named by JAVA_HOME";
const MAVEN_REMEDY =
  "tests against real Kafka take its jars from Maven Central (Debian: apt-get install maven)";

/** The Java launcher, known to run and to be new enough. */
export async function java(): Promise<string> {
  const home = process.env.JAVA_HOME;
  const launcher = home === undefined ? "java" : join(home, "bin", "java");
  const banner = await runTool(launcher, ["-version"], JAVA_REMEDY);
  const version = Number(/version "(\d+)/.exec(banner)?.[1] ?? 0);
  if (version < OLDEST_JAVA) throw new Error(`Java ${version} is too old: ${JAVA_REMEDY}`);
  return launcher;
}

/** The folder with the jars of a `pom.xml`, fetched once. */
export function jars(name: string, pom: string): Promise<string> {
  return fetched(name, pom, ["dependency:copy-dependencies", "-DincludeScope=runtime"]);
}

/** The folder with the archives of a `pom.xml`, fetched and unpacked once. */
export function unpacked(name: string, pom: string): Promise<string> {
  return fetched(name, pom, ["dependency:unpack"]);
}

async function fetched(name: string, pom: string, goal: readonly string[]): Promise<string> {
  return cached(name, await readFile(pom, "utf8"), async (folder) => {
    await runTool("mvn", ["-v"], MAVEN_REMEDY);
    process.stderr.write(`fetching ${name}\n`);
    await run("mvn", ["-q", "-B", "-f", pom, ...goal, `-DoutputDirectory=${folder}`]);
  });
}
