import { type Logger, StreamingError, type StreamingNodeConfig, startQuery } from "headgate";
import { expect } from "vitest";

/**
 * What a query that has to fail fails with. No text that it produced on the way, in logs or in the
 * error, may hold a secret of its options.
 */
export async function failureOf(config: StreamingNodeConfig): Promise<StreamingError> {
  const said: string[] = [];
  const keep = (fields: object, message?: string) => {
    said.push(JSON.stringify(fields, (_, value) => (value instanceof Error ? value.stack : value)));
    said.push(message ?? "");
  };
  const logger: Logger = { level: "debug", debug: keep, info: keep, warn: keep, error: keep };
  const error = await ending(config, logger);
  said.push(JSON.stringify(error), error.getFullTraceback());
  expectNoSecret(config, said.join("\n"));
  return error;
}

async function ending(config: StreamingNodeConfig, logger: Logger): Promise<StreamingError> {
  try {
    const query = await startQuery(config, { logger });
    await query.awaitTermination();
  } catch (error) {
    if (StreamingError.is(error)) return error;
    throw error;
  }
  throw new Error("the query did not fail");
}

const SECRETS = /SECRET|TOKEN|_KEY$|PASSWORD/;

export function expectNoSecret(config: StreamingNodeConfig, text: string): void {
  for (const table of [config.output, config.rejects, config.deadLetters]) {
    if (typeof table !== "object") continue;
    for (const [name, value] of Object.entries(table.options ?? {})) {
      if (SECRETS.test(name)) expect(text).not.toContain(value);
    }
  }
}

/** A failure of a store: what was tried on which key, and what the store said. */
export function expectStoreFailure(
  error: StreamingError,
  told: { key: RegExp; answer: RegExp },
): void {
  expect(error.code).toMatch(/^DELTA_(STORE|NOT_WRITABLE)$/);
  expect(error.context.component).toBe("delta");
  const { message, context } = error;
  const text = [message, context.expected, context.actual, context.details].join("\n");
  expect(text).toMatch(/\b(put|get|read|write|list|delete|create|upload|complete|commit|open)/);
  expect(text).toMatch(told.key);
  expect(text).toMatch(told.answer);
}
