import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** Loopback ports that nothing listened on a moment ago, all different. */
export async function freePorts<const Names extends string>(
  ...names: Names[]
): Promise<Record<Names, number>> {
  const servers = names.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return Object.fromEntries(names.map((name, at) => [name, ports[at]])) as Record<Names, number>;
}
