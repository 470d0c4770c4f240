import { join } from "node:path";
import { run } from "../support/command.ts";
import { python } from "../support/python.ts";
import { root } from "../support/root.ts";
import type { PeerMeasure } from "./measure.ts";

const folder = join(root, "test", "differential");

interface Check {
  schema: string;
  type: string;
  column: string | null;
  qualityId: string | null;
  count: number | null;
  percent: number | null;
  failedRows: number | null;
  result: string | null;
  reason: string | null;
}

/** What datacontract-cli measures of the file that the contract names, relative to `cwd`. */
export async function peerMeasures(contract: string, cwd: string): Promise<PeerMeasure[]> {
  const interpreter = await python("differential", join(folder, "requirements.txt"));
  const output = await run(interpreter, [join(folder, "peer.py"), contract], { cwd });
  const checks: Check[] = JSON.parse(output);
  const failed = checks.filter((check) => check.count === null && !isExpected(check));
  if (failed.length > 0) throw new Error(`datacontract-cli did not run: ${JSON.stringify(failed)}`);
  return checks.filter((check) => check.type !== "field_is_present").map(toMeasure);
}

/** That a column is anywhere in the file is no count, and a warning is a rule it does not run. */
function isExpected(check: Check): boolean {
  return check.type === "field_is_present" || check.result === "warning";
}

function toMeasure(check: Check): PeerMeasure {
  return {
    schema: check.schema,
    id: check.qualityId ?? undefined,
    kind: check.type,
    column: check.column ?? undefined,
    value: check.percent ?? check.count ?? undefined,
    repeatedRows: check.failedRows ?? undefined,
    holds: check.result === "passed",
  };
}
