import type { TestProject } from "vitest/node";
import { readers } from "../readers/environment.ts";
import { startKafka } from "./broker.ts";
import type { Certificates } from "./certificates.ts";

declare module "vitest" {
  export interface ProvidedContext {
    bootstrapServers: string;
    saslServers: string;
    saslTlsServers: string;
    mutualTlsServers: string;
    certificates: Certificates;
    /** Where the broker keeps its partitions. */
    kafkaData: string;
  }
}

/** One real broker for a whole run; every test takes topics of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [broker] = await Promise.all([startKafka({ tls: true }), readers()]);
  project.provide("bootstrapServers", broker.bootstrapServers);
  project.provide("saslServers", broker.saslServers);
  project.provide("saslTlsServers", broker.saslTlsServers);
  project.provide("mutualTlsServers", broker.mutualTlsServers);
  if (broker.certificates) project.provide("certificates", broker.certificates);
  project.provide("kafkaData", broker.dataFolder);
  return () => broker.stop();
}
