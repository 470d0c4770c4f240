import type { Logger, LogLevel } from "../../../ts/logger.ts";

export interface LogCall {
  level: LogLevel;
  fields: object;
  message?: string;
}

/** A logger that keeps what it is told. */
export function recordingLogger(level?: string): { logger: Logger; records: LogCall[] } {
  const records: LogCall[] = [];
  const keep = (level: LogLevel) => (fields: object, message?: string) => {
    records.push({ level, fields, message });
  };
  const [debug, info, warn, error] = [keep("debug"), keep("info"), keep("warn"), keep("error")];
  return { logger: { level, debug, info, warn, error }, records };
}
