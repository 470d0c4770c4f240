import { brokerRestart } from "./broker-restart.ts";
import { faultPoints } from "./fault-points.ts";
import { SESSION_TIMEOUT_MS } from "./ingest.ts";
import { otherWriters } from "./other-writers/other-writers.ts";
import type { Scenario } from "./scenario.ts";
import { storeTrouble } from "./store-trouble.ts";
import { workers } from "./workers/workers.ts";

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  faultPoints,
  workers("t8-workers-cooperative-sticky", {
    "kafka.session.timeout.ms": String(SESSION_TIMEOUT_MS),
  }),
  workers("t8-workers-kip-848", { "kafka.group.protocol": "consumer" }),
  brokerRestart,
  storeTrouble,
  otherWriters,
];
