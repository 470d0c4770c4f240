import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { onTestFinished } from "vitest";

export interface Told {
  worker: number;
  batchId: number;
  batchUuid: string;
  status: string;
}

/** Keeps what it is told while it is up. */
export class Service {
  isUp = true;
  /** Requests refused while it was down. */
  refused = 0;
  readonly told: Told[] = [];
  readonly url: string;

  private constructor(server: Server) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", async (request, response) => {
      const batch = (await json(request)) as Omit<Told, "worker">;
      if (this.isUp) this.told.push({ ...batch, worker: Number(request.headers["x-worker"]) });
      else this.refused += 1;
      response.writeHead(this.isUp ? 200 : 503).end();
    });
  }

  static async start(): Promise<Service> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return new Service(server);
  }

  /** Versions in the order in which each was told first. */
  get versions(): number[] {
    return [...new Set(this.told.map(({ batchId }) => batchId))];
  }
}
