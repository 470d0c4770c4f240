import { checkpointTable, optimizeTable, vacuumTable } from "../maintain.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { bytes, count } from "./text.js";

export async function optimize(
  table: string,
  options: OutputOptions & { zOrder?: readonly string[]; targetFileSize?: string },
): Promise<number> {
  const output = new Output(options);
  const report = await optimizeTable(table, options);
  const { version, filesRemoved, filesAdded, bytesRemoved, bytesAdded, conflicts } = report;
  if (output.isJson) output.event("optimized", report);
  else if (version === undefined) output.line("there was nothing to rewrite");
  else {
    const from = `${count(filesRemoved)} files of ${bytes(bytesRemoved)}`;
    const to = `${count(filesAdded)} of ${bytes(bytesAdded)}`;
    output.line(`${from} became ${to}, by version ${version}`);
  }
  if (!output.isJson && conflicts > 0n) {
    output.line(`${count(conflicts)} groups of files were left to another writer`);
  }
  return EXIT.ok;
}

export async function vacuum(
  table: string,
  options: OutputOptions & { retention?: string; dryRun?: boolean },
): Promise<number> {
  const output = new Output(options);
  const { dryRun = false } = options;
  const files = await vacuumTable(table, options);
  if (output.isJson) output.event("vacuumed", { dryRun, files });
  else {
    if (dryRun) for (const file of files) output.line(file);
    output.line(`${count(files.length)} files ${dryRun ? "would be" : "are"} deleted`);
  }
  return EXIT.ok;
}

export async function checkpoint(table: string, options: OutputOptions): Promise<number> {
  const output = new Output(options);
  const report = await checkpointTable(table);
  const { version, deleted } = report;
  if (output.isJson) output.event("checkpointed", report);
  else output.line(`checkpoint of version ${version} written, ${count(deleted)} log files deleted`);
  return EXIT.ok;
}
