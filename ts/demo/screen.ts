import pc from "picocolors";
import type { StreamingBatch } from "../batch.js";
import type { Output } from "../cli/output.js";
import { batchLine } from "../cli/run.js";
import { count, worstRules } from "../cli/text.js";
import type { Tally } from "./tally.js";

/** Shows a demo while it runs: JSON lines, plain lines, or a live region on a terminal. */
export interface Screen {
  batch(tally: Tally, batch: StreamingBatch): void;
  say(text: string): void;
  /** Leaves the last state of a live region where it is. */
  close(): void;
}

const REDRAW_MS = 250;

export async function openScreen(
  output: Output,
  headline: () => string,
  tallies: readonly Tally[],
): Promise<Screen> {
  if (output.isJson) return jsonScreen(output);
  if (!process.stdout.isTTY) return plainScreen(output);
  const { default: logUpdate } = await import("log-update");
  const draw = () => logUpdate([headline(), ...tallies.map(queryText)].join("\n\n"));
  const timer = setInterval(draw, REDRAW_MS);
  const close = () => {
    clearInterval(timer);
    draw();
    logUpdate.done();
  };
  return { batch: () => {}, say: () => {}, close };
}

function jsonScreen(output: Output): Screen {
  const batch = ({ gate }: Tally, batch: StreamingBatch) =>
    output.event("batch", { query: gate.name, ...batch });
  return { batch, say: () => {}, close: () => {} };
}

function plainScreen(output: Output): Screen {
  const batch = ({ gate }: Tally, batch: StreamingBatch) =>
    output.line(batchLine(gate.name, batch));
  return { batch, say: (text) => output.line(text), close: () => {} };
}

/** Batch, rates, totals, lag and last verdict of one query. */
export function queryText({ gate, query, last, totals }: Tally): string {
  const progress = query?.lastProgress;
  const rate = Math.round(progress?.inputRowsPerSecond ?? 0);
  const lag = `lag ${count(progress?.numLagRecords ?? 0n)} records, ${(progress?.lagSeconds ?? 0).toFixed(1)} s`;
  const status = last?.status ?? "ok";
  const colour = { ok: pc.green, warn: pc.yellow, block: pc.red, idle: pc.dim }[status];
  const worst = worstRules(last?.metrics ?? {}, 4);
  return [
    `${pc.bold(gate.name)}  batch ${last?.batchId ?? "-"}  ${count(rate)} rows/s  ${lag}`,
    `  ${count(totals.accepted)} accepted  ${count(totals.rejected)} rejected  ${count(totals.deadLetters)} dead`,
    `  ${last ? colour(status) : pc.dim("no batch yet")}  ${pc.dim(worst)}`,
  ].join("\n");
}
