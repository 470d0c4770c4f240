import { type NativeLogRecord, native } from "./native.js";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Takes fields first, as pino does; a pino logger can be given as it is. */
export interface Logger extends Record<LogLevel, (fields: object, message?: string) => void> {
  /** Nothing below it is produced. pino's own property is understood. Default: `debug`. */
  level?: string;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Warnings and errors as plain lines on standard error. */
export const defaultLogger: Logger = {
  level: "warn",
  debug: () => {},
  info: () => {},
  warn: (fields, message) => console.error(plainLine("warn", fields, message)),
  error: (fields, message) => console.error(plainLine("error", fields, message)),
};

/** `level message key=value …` on one line. */
export function plainLine(level: LogLevel, fields: object, message = ""): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  return [`headgate ${level}`, message, ...pairs].filter((part) => part !== "").join(" ");
}

function fieldText(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

/** A user's logger behind a guard: what it throws is counted, told once, and goes no further. */
export class SafeLogger {
  readonly #logger: Logger;
  failures = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get level(): LogLevel | "off" {
    const level = this.#logger.level ?? "debug";
    if (level === "silent" || level === "off") return "off";
    if (level === "trace") return "debug";
    return LEVELS.find((known) => known === level) ?? "error";
  }

  log(level: LogLevel, fields: object, message?: string): void {
    try {
      this.#logger[level](fields, message);
    } catch (error) {
      this.failures += 1;
      if (this.failures > 1) return;
      console.error(plainLine("error", { error }, "the logger threw; this is told once"));
    }
  }
}

// The engine has one log for the process: records that name a query go to its logger alone, all
// others to every logger.
const attached = new Map<SafeLogger, string>();

/** Sends the engine's records about `query`, and those about none, to `logger` until `detachLogger`. */
export function attachLogger(logger: SafeLogger, query: string): void {
  attached.set(logger, query);
  applyLevel();
}

export function detachLogger(logger: SafeLogger): void {
  attached.delete(logger);
  if (attached.size > 0) applyLevel();
}

function applyLevel(): void {
  const levels = [...attached.keys()].map((logger) => logger.level);
  native().setLogger(LEVELS.find((level) => levels.includes(level)) ?? "off", route);
}

function route(record: NativeLogRecord): void {
  const fields = { target: record.target, ...(JSON.parse(record.fieldsJson) as object) };
  const query: unknown = Reflect.get(fields, "query");
  const level = LEVELS.find((known) => known === record.level) ?? "debug";
  const named = [...attached].filter(([, name]) => name === query);
  const receivers = named.length > 0 ? named : [...attached];
  for (const [logger] of receivers) {
    if (logger.level !== "off" && LEVELS.indexOf(level) >= LEVELS.indexOf(logger.level)) {
      logger.log(level, fields, record.message);
    }
  }
}
