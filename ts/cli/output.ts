import { jsonSafe } from "../json.js";
import { type Logger, type LogLevel, plainLine } from "../logger.js";
import { errorJson, errorText } from "./error-text.js";

export interface OutputOptions {
  json?: boolean;
  logLevel: LogLevel;
}

/** Results go to standard output; logs and errors to standard error. */
export class Output {
  readonly isJson: boolean;
  readonly #logLevel: LogLevel;

  constructor(options: OutputOptions) {
    this.isJson = options.json ?? false;
    this.#logLevel = options.logLevel;
  }

  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** One JSON line; nothing unless `--json`. */
  event(event: string, fields: object): void {
    if (this.isJson) this.line(JSON.stringify(jsonSafe({ event, ...fields })));
  }

  error(error: unknown): void {
    process.stderr.write(`${this.isJson ? errorJson(error) : errorText(error)}\n`);
  }

  logger(): Logger {
    const write = (level: LogLevel) => (fields: object, message?: string) => {
      process.stderr.write(`${this.#record(level, fields, message)}\n`);
    };
    const [debug, info, warn, error] = (["debug", "info", "warn", "error"] as const).map(write);
    return { level: this.#logLevel, debug, info, warn, error } as Logger;
  }

  #record(level: LogLevel, fields: object, message: string | undefined): string {
    if (!this.isJson) return plainLine(level, fields, message);
    const time = new Date().toISOString();
    const told = Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? { name: value.name, message: value.message } : value,
    ]);
    const record = { event: "log", time, level, message, ...Object.fromEntries(told) };
    return JSON.stringify(jsonSafe(record));
  }
}
