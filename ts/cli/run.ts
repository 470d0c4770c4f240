import pc from "picocolors";
import type { StreamingBatch } from "../batch.js";
import { loadConfig } from "../config/load.js";
import { invalidConfig } from "../failure.js";
import type { StreamingQuery } from "../query.js";
import { gracefulShutdown } from "../shutdown.js";
import { startNode } from "../start.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { count, worstRules } from "./text.js";

/** Runs every query of a file until they end. One that fails stops the others, drained. */
export async function run(file: string, options: OutputOptions): Promise<number> {
  const output = new Output(options);
  const loaded = await loadConfig(file);
  if (loaded.issues.length > 0) throw invalidConfig(loaded);
  const queries: StreamingQuery[] = [];
  try {
    for (const node of loaded.nodes) {
      const onStreamingBatch = (batch: StreamingBatch) => tell(output, node.name, batch);
      queries.push(await startNode(node, loaded, { onStreamingBatch, logger: output.logger() }));
    }
  } catch (error) {
    await stopAll(queries);
    throw error;
  }
  gracefulShutdown(queries);
  const onHangUp = () => void updateContracts(queries, output);
  // Of a terminal it says that the terminal is gone.
  if (!process.stdin.isTTY) process.on("SIGHUP", onHangUp);
  let code: number = EXIT.ok;
  const ends = queries.map((query) =>
    query.awaitTermination().catch((error: unknown) => {
      output.error(error);
      code = EXIT.failed;
      return stopAll(queries);
    }),
  );
  await Promise.all(ends);
  process.off("SIGHUP", onHangUp);
  return code;
}

/** One that cannot be moved goes on as it was. */
async function updateContracts(queries: readonly StreamingQuery[], output: Output): Promise<void> {
  for (const query of queries.filter(({ isActive }) => isActive)) {
    try {
      const { from, to } = await query.updateContract();
      if (output.isJson) output.event("contract", { query: query.name, from, to });
      else
        output.line(
          `${query.name}  contract ${from.version} → ${to.version} (${to.hash.slice(0, 12)})`,
        );
    } catch (error) {
      output.error(error);
    }
  }
}

async function stopAll(queries: readonly StreamingQuery[]): Promise<void> {
  await Promise.allSettled(queries.map((query) => query.stop()));
}

function tell(output: Output, query: string, batch: StreamingBatch): void {
  if (output.isJson) output.event("batch", { query, ...batch });
  else output.line(batchLine(query, batch));
}

/** One batch on one line. */
export function batchLine(query: string, batch: StreamingBatch): string {
  const { batchId, counts, status, metrics, timestamp } = batch;
  const colour = { ok: pc.green, warn: pc.yellow, block: pc.red, idle: pc.dim }[status];
  const parts = [
    pc.dim(timestamp.slice(11, 19)),
    query,
    `batch ${batchId}`,
    colour(status),
    `${count(counts.records)} records`,
    `${count(counts.accepted)} accepted`,
    `${count(counts.rejected)} rejected`,
    `${count(counts.deadLetters)} dead`,
    pc.dim(worstRules(metrics)),
  ];
  return parts.join("  ").trimEnd();
}
