import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import {
  fileSystemGovernance,
  httpGovernance,
  inMemoryGovernance,
} from "../../../ts/governance.ts";
import { serve } from "../../../ts/service/serve.ts";
import { conformance, type Opened } from "./support/conformance.ts";
import { dc43Server } from "./support/dc43-server.ts";
import { departures } from "./support/openapi.ts";

const IMPLEMENTATIONS: Record<string, () => Promise<Opened>> = {
  async inMemoryGovernance() {
    return { service: inMemoryGovernance(), close: async () => {} };
  },
  async fileSystemGovernance() {
    const folder = await mkdtemp(join(tmpdir(), "headgate-governance-"));
    const close = () => rm(folder, { recursive: true, force: true });
    return { service: fileSystemGovernance(folder), close };
  },
  async httpGovernance() {
    const server = dc43Server(inMemoryGovernance());
    await server.start();
    const close = async () => {
      await server.stop();
      expect(server.requests.flatMap(departures)).toEqual([]);
    };
    return { service: httpGovernance(server), close };
  },
  async "headgate serve"() {
    const store = await mkdtemp(join(tmpdir(), "headgate-governance-"));
    const running = await serve({ store, port: 0, log_level: "error" });
    const close = async () => {
      await running.stop();
      await rm(store, { recursive: true, force: true });
    };
    return { service: httpGovernance({ baseUrl: running.url }), close };
  },
};

for (const [name, open] of Object.entries(IMPLEMENTATIONS)) conformance(name, open);
