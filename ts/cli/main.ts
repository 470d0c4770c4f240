#!/usr/bin/env node
import { type Command, CommanderError } from "commander";
import { errorText, exitCodeOf } from "./error-text.js";
import { EXIT } from "./exit-codes.js";
import { Output } from "./output.js";
import { program } from "./program.js";

async function main(): Promise<void> {
  const commands: Command = program((code) => {
    process.exitCode = code;
  });
  try {
    await commands.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.unusable;
      return;
    }
    const isJson = process.argv.includes("--json");
    if (isJson) new Output({ json: true, logLevel: "warn" }).error(error);
    else console.error(errorText(error));
    process.exitCode = exitCodeOf(error);
  }
}

/** An engine that did not stop in time must not hold the process. */
const EXIT_GRACE_MS = 1_000;

void main().finally(() => setTimeout(() => process.exit(), EXIT_GRACE_MS).unref());
