import pc from "picocolors";
import type { StreamingBatch } from "../batch.js";
import { batchWord } from "../governance/status.js";
import type {
  ScenarioEvent,
  ScenarioOutcome,
  ScenarioStatus,
} from "../scenarios/scenario-event.js";
import type { Output } from "./output.js";
import { amount, count, worstRules } from "./text.js";

/** Tells a scenario: JSON lines, plain lines, or a live region on a terminal. */
export interface Story {
  tell(event: ScenarioEvent): void;
  /** Leaves the last state of a live region where it is. */
  close(): void;
}

export async function openStory(output: Output): Promise<Story> {
  if (output.isJson) return { tell: (event) => tellJson(output, event), close: () => {} };
  if (!process.stdout.isTTY) {
    return { tell: (event) => output.line(lineOf(event)), close: () => {} };
  }
  const { default: logUpdate } = await import("log-update");
  const story: ScenarioEvent[] = [];
  const tell = (event: ScenarioEvent) => {
    story.push(event);
    logUpdate(region(story).map(lineOf).join("\n"));
  };
  return { tell, close: () => logUpdate.done() };
}

/** Of batches the newest, and of heartbeats the last: all of it fits on a screen. */
const BATCHES_SHOWN = 5;

export function region(story: readonly ScenarioEvent[]): ScenarioEvent[] {
  const batches = story.filter(({ type }) => type === "batch");
  const oldest = batches[Math.max(0, batches.length - BATCHES_SHOWN)];
  const from = oldest === undefined ? 0 : story.indexOf(oldest);
  const beat = story.findLastIndex(({ type }) => type === "heartbeat");
  return story.filter(({ type }, at) => {
    if (type === "batch" || type === "rejects") return at >= from;
    return type !== "heartbeat" || at === beat;
  });
}

function tellJson(output: Output, event: ScenarioEvent): void {
  const { type, ...fields } = event;
  output.event(type, event.type === "batch" ? event.batch : fields);
}

/** One event, on a line or several. */
export function lineOf(event: ScenarioEvent): string {
  switch (event.type) {
    case "started": {
      const { scenario, title, runType, rowsPerSecond, seconds } = event;
      const pace = `${rowsPerSecond} rows a second for ${seconds} s`;
      return `${pc.bold(`scenario ${scenario}`)} (${runType}): ${title}; ${pace}`;
    }
    case "stage":
      return phase(event.phase, STAGE_COLOURS[event.status](event.title));
    case "heartbeat":
      return phase("\u2665", `${batchesText(event.batches)}, ${amount(event.records, "record")}`);
    case "batch":
      return batchText(event.batch);
    case "rejects-activated": {
      const { batchId, table, rules } = event;
      const why = `batch ${batchId} broke ${rules.join(", ")}`;
      return phase("Rejects", pc.yellow(`active: ${table.datasetId} in ${table.path}; ${why}`));
    }
    case "rejects": {
      const { batchId, rowCount, totalRows } = event;
      const said = `batch ${batchId} put ${amount(rowCount, "row")} there, ${count(totalRows)} in all`;
      return phase("Rejects", said);
    }
    case "complete":
      return outcomeText(event);
  }
}

const STAGE_COLOURS = {
  info: (text: string) => text,
  success: pc.green,
  warning: pc.yellow,
  error: pc.red,
} as const;

const BADGES: Readonly<Record<ScenarioStatus | "idle", string>> = {
  ok: pc.green("[ok]"),
  warning: pc.yellow("[warning]"),
  error: pc.red("[error]"),
  unknown: pc.dim("[unknown]"),
  idle: pc.dim("[idle]"),
};

function batchText({ batchId, status, counts, metrics }: StreamingBatch): string {
  const { records, accepted, rejected, copied } = counts;
  const parts = [
    `batch ${batchId}`,
    BADGES[batchWord(status)],
    amount(records, "record"),
    `${count(accepted)} accepted`,
    `${count(rejected)} rejected`,
    ...(copied > 0 ? [`${count(copied)} copied to the rejects`] : []),
    pc.dim(worstRules(metrics)),
  ];
  return phase("Streaming", parts.join("  ").trimEnd());
}

function outcomeText({
  status,
  reason,
  batches,
  counts,
  output,
  rejects,
  governance,
}: ScenarioOutcome) {
  const version =
    output.datasetVersion === undefined ? "no version" : `version ${output.datasetVersion}`;
  const lines = [
    `${BADGES[status]} ${batchesText(batches)}, ${amount(counts.records, "record")}${reason === undefined ? "" : `: ${reason}`}`,
    `${output.datasetId}: ${version}, ${amount(counts.accepted, "row")} accepted`,
    ...(rejects === undefined
      ? []
      : [
          `${rejects.datasetId}: version ${rejects.datasetVersion}, ${amount(rejects.rowCount, "row")} ${BADGES[rejects.status]}`,
        ]),
    `records of governance: ${governance.path}`,
  ];
  return lines.map((line) => phase("Complete", line)).join("\n");
}

function batchesText(total: number): string {
  return `${count(total)} ${total === 1 ? "batch" : "batches"}`;
}

function phase(name: string, text: string): string {
  return `  ${pc.dim(name.padEnd(10))}  ${text}`;
}
