import { brokerRestart } from "./broker-restart.ts";
import type { Scenario } from "./scenario.ts";
import { storeTrouble } from "./store-trouble.ts";
import { workers } from "./workers/workers.ts";

/** In the order in which they run. */
export const scenarios: readonly Scenario[] = [
  workers("workers-cooperative-sticky", { "kafka.session.timeout.ms": "6000" }),
  workers("workers-kip-848", { "kafka.group.protocol": "consumer" }),
  brokerRestart,
  storeTrouble,
];
