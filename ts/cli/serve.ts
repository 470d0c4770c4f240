import { serve as start } from "../service/serve.js";
import { lakeOf, settingsOf } from "../service/settings.js";
import { onSignals } from "../signals.js";
import { EXIT } from "./exit-codes.js";

export interface ServeCommandOptions {
  config?: string;
  host?: string;
  port?: string;
  store?: string;
  tokenFile?: string;
  allowedHost?: string[];
  allowedOrigin?: string[];
  lake?: string[];
  contracts?: string[];
  logLevel?: "debug" | "info" | "warn" | "error";
}

/** Serves until a signal stops it. */
export async function serve(options: ServeCommandOptions): Promise<number> {
  const { config, tokenFile, allowedHost, allowedOrigin, lake, logLevel, ...named } = options;
  const flags = {
    ...named,
    ...(tokenFile !== undefined && { token_file: tokenFile }),
    ...(allowedHost && { allowed_hosts: allowedHost }),
    ...(allowedOrigin && { allowed_origins: allowedOrigin }),
    ...(lake && { lakes: lake.map(lakeOf) }),
    ...(logLevel && { log_level: logLevel }),
  };
  const file = config ?? process.env.HEADGATE_SERVE_CONFIG;
  const { HEADGATE_SERVE_CONFIG: _, ...environment } = process.env;
  const { settings, tokenEntries } = await settingsOf(flags, environment, file);
  const service = await start({ ...settings, tokenEntries });
  process.stdout.write(`${service.url}\n`);
  await new Promise<void>((stopped) => onSignals(["SIGINT", "SIGTERM"], stopped));
  await service.stop();
  return EXIT.ok;
}
