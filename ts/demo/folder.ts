import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StreamingError } from "../errors.js";

const MARK = ".headgate-demo";

/** An empty folder for the demo. Removes the tables of the demo before it, and nothing else. */
export async function emptyDemoFolder(folder: string): Promise<void> {
  const found: string[] = await readdir(folder).catch(() => []);
  if (found.length > 0 && !found.includes(MARK)) {
    throw new StreamingError("DEMO_FOLDER_TAKEN", `${folder} holds files that no demo made`, {
      context: {
        operation: "demo",
        component: "demo",
        expected: `no ${folder}, or one that a demo made`,
        actual: `a folder with ${found[0]}`,
        details: "move it away, or run the demo in another folder",
      },
    });
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, MARK),
    "Made by `headgate demo`, which empties this folder when it starts.\n",
  );
}
