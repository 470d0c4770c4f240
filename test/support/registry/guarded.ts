import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificates } from "../kafka/certificates.ts";

/** A door in front of a registry: TLS that asks for a certificate, and a password. */
export interface GuardedRegistry {
  url: string;
  close(): Promise<void>;
}

export async function guarded(
  registryUrl: string,
  { serverKeystore, authority }: Certificates,
  authorization: string,
): Promise<GuardedRegistry> {
  const pem = await readFile(serverKeystore);
  const tls = {
    key: pem,
    cert: pem,
    ca: await readFile(authority),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const { origin, pathname } = new URL(registryUrl);
  const server = createServer(tls, (incoming, outgoing) => {
    if (incoming.headers.authorization !== authorization) {
      outgoing.writeHead(401, { "content-type": "application/json" });
      outgoing.end(JSON.stringify({ error_code: 401, message: "Unauthorized" }));
      return;
    }
    const { accept } = incoming.headers;
    const asked = request(`${origin}${incoming.url}`, { headers: { ...(accept && { accept }) } });
    asked.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.writeHead(502).end());
    asked.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}${pathname}`,
    async close() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
