import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestUpstream,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { type Exchange, exchangeOf } from "./exchange.ts";
import { describes, type Fault, type Match, type Rule } from "./faults.ts";
import type { S3Access } from "./server.ts";

/** Of headers that belong to one connection only. */
const HOP_HEADERS = ["connection", "keep-alive", "expect"];
/** The store has lasting accounts only, and refuses it: which token holds is for rules to say. */
const SESSION_TOKEN = "x-amz-security-token";
const PACES_PER_SECOND = 20;

/**
 * Stands between a client and a store and does to requests what `rules` say: the first that names
 * a fault decides. All else passes as it came. `Host` too, since it is part of the signature: a
 * client signs for this proxy's address, and the store checks what it is sent.
 */
export class FaultProxy {
  rules: readonly Rule[] = [];
  /** Every request so far, in the order of arrival. */
  readonly exchanges: Exchange[] = [];
  readonly endpoint: string;
  readonly #store: S3Access;
  readonly #server: Server;
  // A connection of its own for each request: one kept alive may be closed just when it is used.
  readonly #agent = new Agent({ keepAlive: false });
  readonly #late = new Set<Promise<unknown>>();

  private constructor(store: S3Access, server: Server) {
    this.#store = store;
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      // Whichever side went away, the other is told by the end of its connection.
      this.#serve(request, response).catch(() => request.socket.destroy());
    });
  }

  static async start(store: S3Access): Promise<FaultProxy> {
    // An idle connection closed just when it is used again would be a fault that no rule asked for.
    const server = createServer({ keepAliveTimeout: 0 }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultProxy(store, server);
  }

  /** The store through this proxy. */
  get access(): S3Access {
    const { region, accessKeyId, secretAccessKey } = this.#store;
    return { endpoint: this.endpoint, region, accessKeyId, secretAccessKey };
  }

  /** How many requests that match got `kind`, or any fault. */
  injected(kind?: Fault["kind"], match: Match = {}): number {
    return this.exchanges.filter(
      (exchange) =>
        (kind === undefined ? exchange.fault !== undefined : exchange.fault === kind) &&
        describes(match, exchange),
    ).length;
  }

  /** Resolves once everything that was held back has reached the store. */
  async settled(): Promise<void> {
    await Promise.all(this.#late);
  }

  async stop(): Promise<void> {
    await this.settled();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = exchangeOf(request);
    this.exchanges.push(exchange);
    const fault = firstFault(this.rules, exchange);
    exchange.fault = fault?.kind;
    switch (fault?.kind) {
      case undefined:
        return relay(await this.#send(exchange, request), response);
      case "answer":
        await drain(request);
        return answer(response, fault);
      case "reset":
        request.socket.resetAndDestroy();
        return;
      case "lost reply":
        await drain(await this.#send(exchange, request));
        request.socket.resetAndDestroy();
        return;
      case "false answer":
        await drain(await this.#send(exchange, request));
        return answer(response, fault);
      case "late": {
        const body = Readable.from([await buffer(request)]);
        request.socket.resetAndDestroy();
        this.#hold(sleep(fault.ms).then(async () => drain(await this.#send(exchange, body))));
        return;
      }
      case "delay":
        await sleep(fault.ms);
        return relay(await this.#send(exchange, request), response);
      case "trickle": {
        const reply = await this.#send(exchange, paced(request, fault.bytesPerSecond));
        return relay(reply, response, paced(reply, fault.bytesPerSecond));
      }
      case "strip": {
        return relay(await this.#send(exchange, request, [fault.header]), response);
      }
    }
  }

  async #send(
    exchange: Exchange,
    body: Readable,
    stripped: readonly string[] = [],
  ): Promise<IncomingMessage> {
    const without = [...stripped, SESSION_TOKEN].filter((name) => name in exchange.headers);
    const upstream = requestUpstream(new URL(this.#store.endpoint), {
      agent: this.#agent,
      method: exchange.method,
      path: exchange.target,
      headers:
        without.length > 0 ? await this.#signed(exchange, without) : endToEnd(exchange.headers),
      setHost: false,
    });
    const replied = once(upstream, "response") as Promise<[IncomingMessage]>;
    // A store may answer before it was sent everything; when it does not, `replied` rejects too.
    pipeline(body, upstream).catch(() => {});
    const [reply] = await replied;
    exchange.status = reply.statusCode;
    return reply;
  }

  /** Headers are part of the signature, so that they cannot just be left out. */
  async #signed(exchange: Exchange, without: readonly string[]): Promise<OutgoingHttpHeaders> {
    const omitted = ["authorization", "host", ...without];
    const kept = Object.entries(endToEnd(exchange.headers)).filter(
      ([name]) => !omitted.includes(name),
    );
    const { host } = exchange.headers;
    const { headers } = await new AwsV4Signer({
      ...this.#store,
      service: "s3",
      method: exchange.method,
      url: `http://${host}${exchange.target}`,
      headers: kept as [string, string][],
    }).sign();
    return { ...Object.fromEntries(headers), host };
  }

  #hold(late: Promise<unknown>): void {
    const settled = late.catch(() => {}).finally(() => this.#late.delete(settled));
    this.#late.add(settled);
  }
}

function firstFault(rules: readonly Rule[], exchange: Exchange): Fault | undefined {
  for (const rule of rules) {
    const fault = rule(exchange);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_HEADERS.includes(name));
  return Object.fromEntries(kept);
}

async function relay(
  reply: IncomingMessage,
  response: ServerResponse,
  body: Readable = reply,
): Promise<void> {
  response.writeHead(reply.statusCode ?? 502, endToEnd(reply.headers));
  await pipeline(body, response);
}

function answer(response: ServerResponse, { status, code }: { status: number; code: string }) {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as a test asked for</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(body);
}

async function drain(body: Readable): Promise<void> {
  for await (const _ of body);
}

function paced(body: Readable, bytesPerSecond: number): Readable {
  const step = Math.max(1, Math.floor(bytesPerSecond / PACES_PER_SECOND));
  return Readable.from(
    (async function* () {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += step) {
          await sleep(1_000 / PACES_PER_SECOND);
          yield chunk.subarray(at, at + step);
        }
      }
    })(),
    { objectMode: false },
  );
}
