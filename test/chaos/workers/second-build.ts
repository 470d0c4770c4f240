import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { command } from "../../support/cli.ts";
import { root } from "../../support/root.ts";

/** The command of the build that is here. */
export const firstBuild = command();

/** Copies what the package is made of, as a later build would lie beside it; answers its command. */
export async function secondBuild(folder: string): Promise<string> {
  const binding = join("bindings", "node");
  await mkdir(join(folder, binding), { recursive: true });
  for (const part of ["package.json", "dist", binding]) {
    await cp(join(root, part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return firstBuild.replace(root, folder);
}
