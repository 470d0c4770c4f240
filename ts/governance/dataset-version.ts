import type { StreamingBatch } from "../batch.js";
import { invalidArgument } from "../failure.js";

const VARIABLES = ["batch_id", "timestamp", "unix_timestamp"];

/** Fills a template for a batch: the same for the same batch, whenever and by whomever it is told. */
export type VersionOf = (batch: Pick<StreamingBatch, "batchId" | "batchUuid">) => string;

/**
 * `{batch_id}` is the output version of the commit, `{timestamp}` (as %Y%m%d%H%M%S, in UTC) and
 * `{unix_timestamp}` (in seconds) are when the batch was opened. Throws for any other variable.
 */
export function versionTemplate(template: string): VersionOf {
  const unknown = [...template.matchAll(/\{([^{}]*)\}/g)]
    .map(([, name = ""]) => name)
    .find((name) => !VARIABLES.includes(name));
  if (unknown !== undefined || template === "") {
    throw invalidArgument("a version template cannot be used", {
      operation: "start",
      component: "stream",
      field: "datasetVersion",
      expected: `text with ${VARIABLES.map((name) => `{${name}}`).join(", ")} in it, or none`,
      actual: JSON.stringify(template),
    });
  }
  return ({ batchId, batchUuid }) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (name === "batch_id") return String(batchId);
      const openedAt = openedAtMs(batchUuid);
      if (name === "unix_timestamp") return String(Math.floor(openedAt / 1_000));
      return new Date(openedAt).toISOString().slice(0, 19).replace(/\D/g, "");
    });
}

/** The UUID of a batch begins with the milliseconds since 1970 at which it was opened (version 7). */
function openedAtMs(batchUuid: string): number {
  const hex = batchUuid.replaceAll("-", "");
  if (/^[0-9a-f]{12}7[0-9a-f]{19}$/i.test(hex)) return Number.parseInt(hex.slice(0, 12), 16);
  throw new TypeError(`the UUID of a batch tells no time: ${batchUuid}`);
}
