import { spawn } from "node:child_process";

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Sees standard error as it comes; it is kept for the failure message in any case. */
  onStderr?: (text: string) => void;
}

/** Runs a program to its end and answers what it printed; rejects with its last words. */
export function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-8_000);
      options.onStderr?.(text);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else
        reject(
          new Error(`${file} ended with ${code ?? signal}\n${stdout.slice(-2_000)}\n${stderr}`),
        );
    });
  });
}

/** Answers both outputs of a program, or an error that says how to install it. */
export async function runTool(
  file: string,
  args: readonly string[],
  remedy: string,
): Promise<string> {
  let stderr = "";
  try {
    const stdout = await run(file, args, {
      onStderr: (text) => {
        stderr += text;
      },
    });
    return stdout + stderr;
  } catch (cause) {
    throw new Error(`\`${file}\` does not run: ${remedy}`, { cause });
  }
}
