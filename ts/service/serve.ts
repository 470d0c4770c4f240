import { governanceError } from "../governance/fault.js";
import { localGovernance } from "../governance/local.js";
import type { Logger } from "../logger.js";
import { documentEndpoints } from "./dc43/documents.js";
import { planEndpoints } from "./dc43/plans.js";
import { qualityEndpoints } from "./dc43/quality.js";
import { recordEndpoints } from "./dc43/records.js";
import { storeEndpoints } from "./dc43/store.js";
import { type AnsweredRequest, appOf } from "./http/app.js";
import { Guard } from "./http/guard.js";
import { HttpServer } from "./http/server.js";
import { type TokenEntry, Tokens } from "./http/tokens.js";
import { LedgerFollower } from "./ledgers/ledger-follower.js";
import { engineLedgers, type LedgerLog } from "./ledgers/ledger-log.js";
import { jsonLogger } from "./log.js";
import { operationEndpoints } from "./operations.js";
import { DEFAULTS, type ServeSettings } from "./options.js";
import { putContracts } from "./seed.js";
import type { Database } from "./store/database.js";
import { SqlDocuments } from "./store/documents.js";
import { SqlHistory } from "./store/history.js";
import { lakeProgress } from "./store/lakes.js";
import { measured } from "./store/measured.js";
import { openDatabase } from "./store/open.js";
import { openTelemetry, type Telemetry } from "./telemetry.js";
import { datasetEndpoints } from "./v1/datasets.js";
import { lineageEndpoints } from "./v1/lineage.js";
import { productEndpoints } from "./v1/products.js";
import { releaseEndpoints } from "./v1/releases.js";

const LOOPBACK = ["127.0.0.1", "localhost", "::1", "[::1]"];

/** A service that listens. */
export interface RunningService {
  url: string;
  port: number;
  /** Takes no more requests, lets those that run end within `stop_timeout_ms`, closes the database. */
  stop(): Promise<void>;
}

/** Starts the governance service; what is not said has its default. */
export async function serve(
  options: Partial<ServeSettings> & {
    logger?: Logger;
    tokenEntries?: readonly TokenEntry[];
    /** Default: the engine. */
    ledgers?: LedgerLog;
  } = {},
): Promise<RunningService> {
  const { logger: given, tokenEntries = [], ledgers = engineLedgers, ...said } = options;
  const settings: ServeSettings = { ...DEFAULTS, ...said } as ServeSettings;
  const logger = given ?? jsonLogger(settings.log_level);
  const guard = guardOf(settings, [...settings.tokens, ...tokenEntries]);
  const telemetry = await openTelemetry();
  const database = measured(await openDatabase(settings.store), telemetry);
  try {
    return await listen(settings, { database, telemetry, logger, ledgers, ...guard });
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function listen(
  settings: ServeSettings,
  parts: {
    database: Database;
    telemetry: Telemetry;
    logger: Logger;
    ledgers: LedgerLog;
    guard: Guard;
    hasTokens: boolean;
  },
): Promise<RunningService> {
  const { database, telemetry, logger, ledgers, guard, hasTokens } = parts;
  const service = localGovernance(new SqlDocuments(database), new SqlHistory(database));
  await putContracts(service.contracts, settings.contracts, logger);
  let isStopping = false;
  const endpoints = operationEndpoints(
    [
      ...documentEndpoints(service),
      ...qualityEndpoints(service.dataQuality),
      ...planEndpoints(service.governance),
      ...recordEndpoints(service.governance),
      ...storeEndpoints(database, service.governance),
      ...datasetEndpoints(database),
      ...releaseEndpoints(database),
      ...lineageEndpoints(database),
      ...productEndpoints(database, service),
    ],
    { database, hasTokens, isStopping: () => isStopping },
  );
  const app = appOf(endpoints, {
    guard,
    maxBodyBytes: settings.max_body_bytes,
    timeoutMs: settings.request_timeout_ms,
    telemetry,
    onAnswer: (request) => logAnswer(logger, request),
  });
  const server = await HttpServer.listen(app.fetch, {
    host: settings.host,
    port: settings.port,
    maxConnections: settings.max_connections,
    requestTimeoutMs: settings.request_timeout_ms,
  });
  const { port } = server;
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  const url = `http://${host}:${port}`;
  const end = new AbortController();
  const followers = settings.lakes.map((lake) =>
    new LedgerFollower(database, ledgers, logger, lake).follow(settings.poll_ms, end.signal),
  );
  const tables = settings.lakes.map(({ table }) => table);
  const forgetLakes = telemetry.lakes(() => lakeProgress(database, tables));
  logger.info({ url, store: database.address, tokens: hasTokens }, "listening");
  return {
    url,
    port,
    async stop() {
      isStopping = true;
      end.abort();
      forgetLakes();
      await server.close(settings.stop_timeout_ms);
      await Promise.all(followers);
      await database.close();
      logger.info({}, "stopped");
    },
  };
}

/** Off only where nobody but this machine can ask. */
function guardOf(settings: ServeSettings, entries: readonly TokenEntry[]) {
  const isLoopback = LOOPBACK.includes(settings.host);
  const hasTokens = entries.length > 0;
  if (!hasTokens && !isLoopback) {
    throw governanceError("CONFIG_CONFLICT", "a service that others can reach needs tokens", {
      operation: "serve",
      field: "host",
      expected: `tokens, or one of ${LOOPBACK.slice(0, 3).join(", ")}`,
      actual: settings.host,
      details: "give --token-file, or `tokens` in the configuration",
    });
  }
  const named = settings.allowed_hosts.map((host) => host.toLowerCase());
  const hosts = isLoopback ? [...LOOPBACK, ...named] : named.length > 0 ? named : undefined;
  const guard = new Guard({
    origins: settings.allowed_origins,
    ...(hasTokens && { tokens: new Tokens(entries) }),
    ...(hosts && { hosts }),
  });
  return { guard, hasTokens };
}

function logAnswer(logger: Logger, { error, ...request }: AnsweredRequest): void {
  const fields = { ...request, durationMs: Math.round(request.durationMs * 10) / 10 };
  if (error === undefined) logger.info(fields, "request");
  else logger.error({ ...fields, error }, "request failed");
}
