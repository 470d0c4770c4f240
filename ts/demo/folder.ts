import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StreamingError } from "../errors.js";

const MARK = ".headgate-demo";

/** An empty folder for a demo. Removes the tables of the one before it, and nothing else. */
export async function emptyDemoFolder(
  folder: string,
  command: "demo" | "scenario" = "demo",
): Promise<void> {
  const found: string[] = await readdir(folder).catch(() => []);
  if (found.length > 0 && !found.includes(MARK)) {
    throw new StreamingError("DEMO_FOLDER_TAKEN", `${folder} holds files that no ${command} made`, {
      context: {
        operation: command,
        component: "demo",
        expected: `no ${folder}, or one that a ${command} made`,
        actual: `a folder with ${found[0]}`,
        details: `move it away, or run the ${command} in another folder`,
      },
    });
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, MARK),
    `Made by \`headgate ${command}\`, which empties this folder when it starts.\n`,
  );
}
