import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { RewindTarget } from "../operate.js";
import { packageVersion } from "../package-version.js";
import type { ScenarioName } from "../scenarios/scenarios.js";
import type { ContractOptions } from "./contract-check.js";
import type { StoreCommandOptions } from "./contract-store.js";
import type { ContractTestCommandOptions } from "./contract-test.js";
import { EXIT_HELP } from "./exit-codes.js";
import type { OperateOptions } from "./operate.js";
import type { OutputOptions } from "./output.js";
import type { ScenarioCommandOptions } from "./scenario.js";
import type { ServeCommandOptions } from "./serve.js";
import { SERVE_HELP } from "./serve-help.js";
import type { VerifyCommandOptions } from "./verify.js";

/** The command line; `end` is told the exit status of the command that ran. */
export function program(end: (code: number) => void): Command {
  const commands = new Command("headgate")
    .description("A contract gate between Kafka and a Delta lake.")
    .version(packageVersion())
    .exitOverride()
    // So that `--version` of a command is its own.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText("after", EXIT_HELP);

  outputOptions(commands.command("run"))
    .description(
      "run the queries of a file until they end or a signal stops them; SIGHUP, without a terminal, moves them to the newest version that their contracts select",
    )
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
    .argument("<table>", "path or URL of the output table")
    .option("--deep", "read all rows, too, and hold them against the ledgers")
    .option("--kafka <host:port>", "hold the positions against what these brokers have")
    .addOption(
      new Option("--kafka-option <name=value...>", "kafka.* options that it takes to reach them")
        .argParser(kafkaOption)
        .default({}, "none"),
    )
    .action(async (table: string, options: VerifyCommandOptions) => {
      const { verify } = await import("./verify.js");
      end(await verify(table, options));
    });

  const contract = commands.command("contract");
  contractCommands(contract, end);
  storeCommands(contract, end);

  outputOptions(commands.command("optimize"))
    .description("rewrite the small files of a table as larger ones; the rows stay the same")
    .argument("<table>", "path or URL of any Delta table")
    .addOption(
      new Option(
        "--z-order <columns>",
        "cut files by these columns, so that readers skip more",
      ).argParser((text) => text.split(",").map((column) => column.trim())),
    )
    .option("--target-file-size <size>", "default: what the table says, or 128MiB")
    .action(async (table: string, options: OptimizeOptions) => {
      const { optimize } = await import("./maintain.js");
      end(await optimize(table, options));
    });

  outputOptions(commands.command("vacuum"))
    .description("delete the files that nothing refers to any more")
    .argument("<table>", "path or URL of any Delta table")
    .option("--retention <duration>", "default: what the table says; 7 days at least")
    .option("--dry-run", "name the files and delete nothing")
    .action(async (table: string, options: OutputOptions & { retention?: string }) => {
      const { vacuum } = await import("./maintain.js");
      end(await vacuum(table, options));
    });

  outputOptions(commands.command("checkpoint"))
    .description("write a log checkpoint and delete the log files it makes dispensable")
    .argument("<table>", "path or URL of any Delta table")
    .action(async (table: string, options: OutputOptions) => {
      const { checkpoint } = await import("./maintain.js");
      end(await checkpoint(table, options));
    });

  operateOptions(commands.command("release"))
    .description("let a query go on that an intervention blocked")
    .option("--reason <text>", "kept in the table's log")
    .action(async (table: string, options: OperateOptions) => {
      const { release } = await import("./operate.js");
      end(await release(table, options));
    });

  operateOptions(commands.command("adopt"))
    .description("hand the positions of a query to a new name; the old one is retired")
    .argument("<name>", "the new name")
    .action(async (table: string, name: string, options: OperateOptions) => {
      const { adopt } = await import("./operate.js");
      end(await adopt(table, name, options));
    });

  operateOptions(commands.command("rewind"))
    .description("make a query read again; rows that are already there stay")
    .addOption(
      new Option("--to-version <n>", "where the query stood at this version of the table")
        .argParser((text) => ({ toVersion: BigInt(text) }))
        .conflicts("toOffsets"),
    )
    .addOption(
      new Option("--to-offsets <json>", '{"topic": {"0": 12}}; others stay').argParser((text) => ({
        toOffsets: JSON.parse(text),
      })),
    )
    .action(async (table: string, options: RewindOptions) => {
      const to = options.toVersion ?? options.toOffsets;
      if (to === undefined) throw new InvalidArgumentError("give --to-version or --to-offsets");
      const { rewind } = await import("./operate.js");
      end(await rewind(table, { ...options, to }));
    });

  serveCommand(commands.command("serve"), end);

  commands
    .command("back-up")
    .description("copy the embedded database of a governance service, which may run meanwhile")
    .argument(
      "<file>",
      "a new file; to restore: <folder of a store>/headgate.db, with no service on it",
    )
    .requiredOption("--store <folder>", "the service's store")
    .action(async (file: string, { store }: { store: string }) => {
      const { backUp } = await import("../service/back-up.js");
      await backUp(store, file);
      end(0);
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

  scenarioCommand(commands.command("scenario"), end);

  return commands;
}

function serveCommand(command: Command, end: (code: number) => void): void {
  command
    .description("keep contracts, data products, verdicts, history and lineage for other processes")
    .option("--config <file>", "YAML file of settings; also HEADGATE_SERVE_CONFIG")
    .option("--host <address>", "address to listen on")
    .option("--port <n>", "port to listen on")
    .option("--store <place>", "folder of the embedded database, or a postgres:// URL")
    .option("--token-file <file>", "bearer tokens with their scopes")
    .option("--allowed-host <name...>", "a name by which clients may call it")
    .option("--allowed-origin <origin...>", "an origin whose pages may call it")
    .option("--lake <table...>", "an output table whose ledgers are read: table, or dataset=table")
    .option("--contracts <path...>", "ODCS documents, or folders of them, to put at the start")
    .addOption(
      new Option("--log-level <level>", "least level of what is logged").choices([
        ...["debug", "info", "warn", "error"],
      ]),
    )
    .addHelpText("after", SERVE_HELP)
    .action(async (options: ServeCommandOptions) => {
      const { serve } = await import("./serve.js");
      end(await serve(options));
    });
}

function scenarioCommand(command: Command, end: (code: number) => void): void {
  outputOptions(command)
    .description(
      "play a walkthrough on rows that are made up: all hold, some are rejected, the schema breaks",
    )
    .addArgument(
      new Argument("<name>").choices([...["valid", "dq-rejects", "schema-break", "all"]]),
    )
    .addOption(
      new Option("--seconds <n>", "how long rows are read; default: 8").argParser(positive),
    )
    .addOption(
      new Option("--run-type <type>", "enforce moves bad rows to the rejects, observe copies them")
        .choices(["enforce", "observe"])
        .default("enforce"),
    )
    .option(
      "--dir <folder>",
      "where tables and records go; a scenario before it is removed",
      "./headgate-scenarios",
    )
    .action(async (name: ScenarioName | "all", options: ScenarioCommandOptions) => {
      const { scenario } = await import("./scenario.js");
      end(await scenario(name, options));
    });
}

function contractCommands(contract: Command, end: (code: number) => void): void {
  contract.description("look at a contract, hold data at rest against it, or put it into a store");

  contractOptions(contract.command("check"))
    .description("say of every rule whether it is enforced, and hold the document to the standard")
    .action(async (contract: string, options: ContractOptions) => {
      const { contractCheck } = await import("./contract-check.js");
      end(await contractCheck(contract, options));
    });

  contractOptions(contract.command("test"))
    .description("hold a file or a table against the contract's rules")
    .argument("<data>", "a file of JSON lines, a Parquet file, or path or URL of a Delta table")
    .addOption(
      new Option(
        "--format <format>",
        "default: by the name of the file; without one that tells, delta",
      ).choices([...["json", "parquet", "delta"]]),
    )
    .addOption(
      new Option("--version <n>", "of a Delta table; default: the newest").argParser(tableVersion),
    )
    .addOption(number("--samples <n>", "rows to name of each rule", 5))
    .addOption(
      new Option("--junit <file>", "write a JUnit report, too: a test case a rule").argParser(
        fileToWrite,
      ),
    )
    .action(async (contract: string, data: string, options: ContractTestCommandOptions) => {
      const { contractTest } = await import("./contract-test.js");
      end(await contractTest(contract, data, options));
    });
}

function storeCommands(contract: Command, end: (code: number) => void): void {
  storeOptions(contract.command("publish"))
    .description("put a contract into a store; a version that is there is never replaced")
    .argument("<file>", "ODCS document")
    .action(async (file: string, options: StoreCommandOptions) => {
      const { publishContract } = await import("./contract-store.js");
      end(await publishContract(file, options));
    });

  storeOptions(contract.command("versions"))
    .description("list the versions of a contract in a store")
    .argument("<id>", "the contract's id")
    .action(async (id: string, options: StoreCommandOptions) => {
      const { listVersions } = await import("./contract-store.js");
      end(await listVersions(id, options));
    });
}

function storeOptions(command: Command): Command {
  return outputOptions(command).requiredOption(
    "--store <place>",
    "a folder; http(s)://, a service whose token is in HEADGATE_CONTRACT_STORE_TOKEN; or s3://…",
  );
}

function contractOptions(command: Command): Command {
  return outputOptions(command)
    .argument("<contract>", "ODCS document")
    .option("--schema <name>", "one schema object of the document");
}

type OptimizeOptions = OutputOptions & { zOrder?: readonly string[]; targetFileSize?: string };
type RewindOptions = OperateOptions & { toVersion?: RewindTarget; toOffsets?: RewindTarget };

function operateOptions(command: Command): Command {
  return outputOptions(command)
    .argument("<table>", "path or URL of the output table")
    .option("--query <name>", "where the table has several");
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

/** Known before the data is read. */
function fileToWrite(path: string): string {
  if (!existsSync(dirname(path))) throw new InvalidArgumentError("its folder does not exist");
  return path;
}

function tableVersion(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number");
}

function kafkaOption(text: string, known: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("expected name=value");
  return { ...known, [text.slice(0, at)]: text.slice(at + 1) };
}

function positive(text: string): number {
  const parsed = Number(text);
  if (!(parsed > 0 && Number.isFinite(parsed))) {
    throw new InvalidArgumentError("expected a number above 0");
  }
  return parsed;
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
