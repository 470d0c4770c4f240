import { brokerRestart } from "./broker-restart.ts";
import { faultPoints } from "./fault-points.ts";
import { SESSION_TIMEOUT_MS } from "./ingest.ts";
import { integrationTests } from "./integration-tests.ts";
import { otherWriters } from "./other-writers/other-writers.ts";
import { deltalake, letDeletionsPass, spark } from "./other-writers/programs.ts";
import type { Scenario } from "./scenario.ts";
import { storeTrouble } from "./store-trouble.ts";
import { kafkaTrouble, storageTrouble } from "./trouble-files.ts";
import { workers } from "./workers/workers.ts";

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  faultPoints,
  workers("t8-workers-cooperative-sticky", {
    "kafka.session.timeout.ms": String(SESSION_TIMEOUT_MS),
  }),
  workers("t8-workers-kip-848", { "kafka.group.protocol": "consumer" }),
  brokerRestart,
  integrationTests("kafka-trouble", kafkaTrouble),
  storeTrouble,
  integrationTests("storage-trouble", storageTrouble),
  otherWriters("other-writers", deltalake, {
    // Short, so that there is hardly a moment without a commit to meet.
    triggerMs: 50,
    rounds: { inShort: 8, inFull: 100 },
  }),
  {
    ...otherWriters("other-writers-spark", spark, {
      triggerMs: 500,
      rounds: { inShort: 2, inFull: 10 },
      prepare: letDeletionsPass,
    }),
    isFullOnly: true,
  },
];
