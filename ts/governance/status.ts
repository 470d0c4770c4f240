import type { BatchStatus } from "../verdict.js";

/** What is thought of a dataset version. `idle`: a batch without rows; `unknown`: nobody judged. */
export type GovernanceStatus = "ok" | "warn" | "block" | "unknown" | "idle";

/** `stale`: judged, but of what has changed since. */
export type RecordStatus = GovernanceStatus | "stale";

// Every word that one of dc43's surfaces has for a status: validations, dataset records, batches
// and badges do not share one vocabulary.
const WORDS: Readonly<Record<RecordStatus, readonly string[]>> = {
  ok: ["pass", "passed", "success", "succeeded", "valid"],
  warn: ["warning", "caution"],
  block: ["blocked", "error", "fail", "failed", "invalid", "ko", "danger"],
  unknown: [],
  idle: ["info"],
  stale: ["outdated", "expired"],
};

const MEANINGS = new Map<unknown, RecordStatus>(
  Object.entries(WORDS).flatMap(([status, words]) =>
    [status, ...words].map((word) => [word, status as RecordStatus] as const),
  ),
);

/** Takes any word of any surface; one that none has is `unknown`. */
export function readRecordStatus(word: unknown): RecordStatus {
  return MEANINGS.get(typeof word === "string" ? word.trim().toLowerCase() : word) ?? "unknown";
}

export function readStatus(word: unknown): GovernanceStatus {
  const status = readRecordStatus(word);
  return status === "stale" ? "unknown" : status;
}

/** The word of a validation, which knows nothing of idleness. */
export function validationWord(status: GovernanceStatus): "ok" | "warn" | "block" | "unknown" {
  return status === "idle" ? "ok" : status;
}

const BATCH_WORDS = { ok: "ok", warn: "warning", block: "error", idle: "idle" } as const;

/** The word of an entry of `streaming_batches`. */
export function batchWord(status: BatchStatus): "ok" | "warning" | "error" | "idle" {
  return BATCH_WORDS[status];
}

const FROM_BEST: readonly GovernanceStatus[] = ["idle", "ok", "unknown", "warn", "block"];

export function isWorse(status: GovernanceStatus, than: GovernanceStatus): boolean {
  return FROM_BEST.indexOf(status) > FROM_BEST.indexOf(than);
}

/** The roll-up of several verdicts; `unknown` of none. */
export function worst(statuses: readonly GovernanceStatus[]): GovernanceStatus {
  const [first, ...others] = statuses;
  return others.reduce((worse, each) => (isWorse(each, worse) ? each : worse), first ?? "unknown");
}
