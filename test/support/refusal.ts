import { existsSync } from "node:fs";
import {
  StreamingError,
  type StreamingNodeConfig,
  StreamingValidationError,
  startQuery,
} from "headgate";
import { expect } from "vitest";

export interface Refusal {
  code: string | RegExp;
  /** As the user spells it. */
  field: string | RegExp;
  expected?: RegExp;
  actual?: RegExp;
  /** Other issues may come with it. */
  hasMore?: boolean;
}

/** One clear error: its code, its field, what was expected and what was found instead. */
export function expectRefusal(error: unknown, refusal: Refusal): void {
  if (!StreamingError.is(error)) throw error;
  const issue = StreamingValidationError.is(error) ? error.issues[0] : undefined;
  const said = issue ?? { ...error.context, code: error.code };
  expect(said.code).toMatch(refusal.code);
  expect(said.field).toMatch(refusal.field);
  expect(said.expected).toMatch(refusal.expected ?? /./);
  expect(said.actual).toMatch(refusal.actual ?? /./);
  expect(error.message).not.toBe("");
  if (StreamingValidationError.is(error) && !refusal.hasMore) expect(error.issues).toHaveLength(1);
}

/** What starting a configuration is refused with; a query that starts is awaited to its end. */
export async function refusalOf(config: StreamingNodeConfig | string): Promise<unknown> {
  try {
    const query = await startQuery(config);
    await query.awaitTermination();
  } catch (error) {
    return error;
  }
  throw new Error("the configuration was not refused");
}

/** Refused before anything was created. */
export async function expectRefusedEarly(
  config: StreamingNodeConfig,
  refusal: Refusal,
): Promise<void> {
  expectRefusal(await refusalOf(config), refusal);
  const { output, rejects, deadLetters } = config;
  for (const table of [output, rejects, deadLetters]) {
    if (typeof table === "object" && table.path !== undefined) {
      expect(existsSync(table.path)).toBe(false);
    }
  }
}
