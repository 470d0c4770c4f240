import type { TestProject } from "vitest/node";
import { readers } from "../readers/environment.ts";
import { startKafka } from "./broker.ts";

declare module "vitest" {
  export interface ProvidedContext {
    bootstrapServers: string;
    saslServers: string;
  }
}

/** One real broker for a whole run; every test takes topics of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [broker] = await Promise.all([startKafka(), readers()]);
  project.provide("bootstrapServers", broker.bootstrapServers);
  project.provide("saslServers", broker.saslServers);
  return () => broker.stop();
}
