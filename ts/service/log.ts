import type { Logger, LogLevel } from "../logger.js";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** One JSON object a line on standard error. Fields are names and numbers, never what was sent. */
export function jsonLogger(level: LogLevel): Logger {
  const write = (at: LogLevel) => (fields: object, message?: string) => {
    if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
    const told = Object.entries(fields).map(([key, value]) => [key, fieldOf(value)]);
    const time = new Date().toISOString();
    const record = { time, level: at, message, ...Object.fromEntries(told) };
    process.stderr.write(`${JSON.stringify(record)}\n`);
  };
  return {
    level,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}

/** Of an error its name, code and place: its words may hold what was sent. */
function fieldOf(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, stack = "", cause } = value;
  const code: unknown = Reflect.get(value, "code");
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return {
    name,
    ...(typeof code === "string" && { code }),
    ...(cause instanceof Error && { cause: fieldOf(cause) }),
    at: frames.slice(0, 5).map((line) => line.trim()),
  };
}
