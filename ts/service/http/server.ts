import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { governanceError } from "../../governance/fault.js";

export interface ServerOptions {
  host: string;
  port: number;
  maxConnections: number;
  requestTimeoutMs: number;
}

const MAX_HEADERS = 100;
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/** A listening server that can end in good order. */
export class HttpServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(
    fetch: (request: Request) => Response | Promise<Response>,
    { host, port, maxConnections, requestTimeoutMs }: ServerOptions,
  ): Promise<HttpServer> {
    const server = createAdaptorServer({
      fetch,
      serverOptions: {
        maxHeaderSize: MAX_HEADER_BYTES,
        requestTimeout: requestTimeoutMs,
        headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
    }) as Server;
    server.maxHeadersCount = MAX_HEADERS;
    server.maxConnections = maxConnections;
    try {
      server.listen(port, host);
      await once(server, "listening");
    } catch (cause) {
      const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
      throw governanceError("CONFIG_VALUE", "the governance service cannot listen there", {
        operation: "listen",
        field: "port",
        expected: "an address of this machine with a free port",
        actual: `${host}:${port}, ${String(code)}`,
        cause,
      });
    }
    return new HttpServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections, lets requests end, and cuts off what is left at the deadline. */
  async close(timeoutMs: number): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), timeoutMs);
    await closed;
    clearTimeout(timer);
  }
}
