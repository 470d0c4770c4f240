import { z } from "zod";

/** Everything that `headgate serve` can be told, as a file, the environment or flags tell it. */
export const serveOptions = z.strictObject({
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535),
  /** A folder, or a `postgres://` URL. */
  store: z.string().min(1),
  tokens: z.array(
    z.strictObject({
      name: z.string().min(1),
      scopes: z.array(z.enum(["read", "write"])).min(1),
      sha256: z.string().regex(/^[0-9a-f]{64}$/i, "the SHA-256 of the token, hexadecimal"),
    }),
  ),
  token_file: z.string().min(1),
  allowed_hosts: z.array(z.string().min(1)),
  allowed_origins: z.array(z.string().regex(/^https?:\/\/[^/]+$/, "an origin: https://host")),
  max_body_bytes: z.coerce.number().int().min(1_024),
  max_connections: z.coerce.number().int().min(1),
  request_timeout_ms: z.coerce.number().int().min(100),
  stop_timeout_ms: z.coerce.number().int().min(0),
  lakes: z.array(
    z.strictObject({
      /** Path or URL of an output table. */
      table: z.string().min(1),
      /** What governance calls it. */
      dataset: z.string().min(1).optional(),
    }),
  ),
  contracts: z.array(z.string().min(1)),
  poll_ms: z.coerce.number().int().min(100),
  log_level: z.enum(["debug", "info", "warn", "error"]),
});

export type ServeConfig = z.output<typeof serveOptions>;

export const DEFAULTS = {
  host: "127.0.0.1",
  port: 8_043,
  store: "./headgate-governance",
  tokens: [],
  allowed_hosts: [],
  allowed_origins: [],
  /** Contracts of thousands of columns are smaller. */
  max_body_bytes: 4 * 1024 * 1024,
  max_connections: 1_000,
  request_timeout_ms: 30_000,
  stop_timeout_ms: 10_000,
  lakes: [],
  contracts: [],
  /** Between looks for new commits of a lake. */
  poll_ms: 2_000,
  log_level: "info",
} as const satisfies Partial<ServeConfig>;

export type ServeSettings = Omit<ServeConfig, "token_file"> & { token_file?: string };
