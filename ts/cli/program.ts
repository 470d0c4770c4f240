import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { EXIT_HELP } from "./exit-codes.js";
import type { OutputOptions } from "./output.js";

/** The command line; `end` is told the exit status of the command that ran. */
export function program(end: (code: number) => void): Command {
  const commands = new Command("headgate")
    .description("A contract gate between Kafka and a Delta lake.")
    .version(packageVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_HELP);

  outputOptions(commands.command("run"))
    .description("run the queries of a file until they end or a signal stops them")
    .argument("<config>", "YAML file: one query, or a list under `queries`")
    .action(async (config: string, options: OutputOptions) => {
      const { run } = await import("./run.js");
      end(await run(config, options));
    });

  outputOptions(commands.command("validate"))
    .description("check a file and its contracts without opening a broker or a table")
    .argument("<config>", "YAML file")
    .action(async (config: string, options: OutputOptions) => {
      const { validate } = await import("./validate.js");
      end(await validate(config, options));
    });

  outputOptions(commands.command("verify"))
    .description("check that the ledgers of an output table tile and balance")
    .argument("<table>", "path of the output table")
    .action(async (table: string, options: OutputOptions) => {
      const { verify } = await import("./verify.js");
      end(await verify(table, options));
    });

  outputOptions(commands.command("demo"))
    .description("produce ride-sharing events, some damaged, and gate them into six Delta tables")
    .addOption(number("--seconds <n>", "how long to produce", 20))
    .addOption(number("--rate <n>", "events a second, over both topics", 20_000))
    .addOption(number("--malformed-rate <ratio>", "share of events that are damaged", 0.05))
    .option("--dir <folder>", "where the tables go; a demo before it is removed", "./headgate-demo")
    .option("--kafka <host:port>", "a real broker instead of the embedded one")
    .action(async (options) => {
      const { demo } = await import("../demo/demo.js");
      end(await demo(options));
    });

  return commands;
}

function outputOptions(command: Command): Command {
  return command
    .option("--json", "JSON lines: results on standard output, logs on standard error")
    .addOption(
      new Option("--log-level <level>", "least level of what is logged")
        .choices(["debug", "info", "warn", "error"])
        .default("warn"),
    );
}

function number(flags: string, description: string, value: number): Option {
  return new Option(flags, description).default(value).argParser((text) => {
    const parsed = Number(text);
    if (!Number.isFinite(parsed) || parsed < 0 || text.trim() === "") {
      throw new InvalidArgumentError("expected a number that is not negative");
    }
    return parsed;
  });
}

function packageVersion(): string {
  const manifest = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
