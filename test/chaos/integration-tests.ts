import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../support/root.ts";
import { groupEnded } from "./process-group.ts";
import type { Chaos, Scenario } from "./scenario.ts";

const vitest = join(root, "node_modules", ".bin", "vitest");
/** Of what vitest prints without a report, enough to see what is wrong. */
const SHOWN = 4_000;
const LINES = 3;

/** Trouble that integration tests make, by their files. `npm test` runs them all by itself. */
export function integrationTests(name: string, files: readonly string[]): Scenario {
  return { name, isFullOnly: true, run: (chaos) => run(chaos, files) };
}

async function run({ folder, say }: Chaos, files: readonly string[]) {
  const report = join(folder, "report.json");
  say(`vitest on ${files.length} files`);
  const reporter = ["--reporter=json", `--outputFile=${report}`];
  const args = ["run", "--project", "integration", ...reporter, ...files];
  const { status, stdout, stderr } = await groupEnded(vitest, args);
  const printed = `vitest ended with ${status}\n${`${stdout}${stderr}`.slice(-SHOWN)}`;
  if (!existsSync(report)) throw new Error(printed);
  const tests = passed(JSON.parse(await readFile(report, "utf8")), files);
  if (status !== 0) throw new Error(printed);
  return { tests };
}

/** What is read of vitest's JSON. */
export interface Report {
  testResults: {
    name: string;
    /** Why there are no tests. */
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[];
  }[];
}

/** How many tests passed. Throws when any did not, or a file has none. */
export function passed({ testResults }: Report, files: readonly string[]): number {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const wrong = tests
    .filter(({ status }) => status !== "passed")
    .map(({ fullName, status, failureMessages }) =>
      [`${fullName}: ${status}`, ...(failureMessages ?? []).map(firstLines)].join("\n"),
    );
  for (const file of files) {
    const found = testResults.find(({ name }) => name === join(root, file));
    if (!found?.assertionResults.length) {
      wrong.push(`${file}: no tests\n${firstLines(found?.message ?? "")}`);
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return tests.length;
}

function firstLines(message: string): string {
  return message.split("\n").slice(0, LINES).join("\n");
}
