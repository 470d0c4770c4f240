import { vi } from "vitest";
import { program } from "../../../ts/cli/program.ts";

/** Runs the command line in this process; answers its status and what it printed. */
export async function headgate(
  ...words: string[]
): Promise<{ status: number | undefined; stdout: string }> {
  let [status, stdout]: [number | undefined, string] = [undefined, ""];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  try {
    await program((code) => {
      status = code;
    }).parseAsync(words, { from: "user" });
  } finally {
    write.mockRestore();
  }
  return { status, stdout };
}
