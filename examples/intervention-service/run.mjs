// A service that looks at every verdict before its batch is committed, and stops a flood of bad
// rows before it reaches the lake: node examples/intervention-service/run.mjs
import { once } from "node:events";
import { createServer } from "node:http";
import {
  consecutiveFailures,
  gracefulShutdown,
  StreamingInterventionError,
  startQuery,
  strictest,
  violationRatio,
} from "headgate";
import { gpsPing, gpsPings, newLake, openBroker, produce } from "../broker.mjs";

const broker = await openBroker("gps-pings");
const lake = newLake();
let onFirstCommit;
const firstCommit = new Promise((resolve) => {
  onFirstCommit = resolve;
});

const query = await startQuery(
  gpsPings(broker.bootstrapServers, lake, { type: "processing_time", interval: "1 second" }),
  {
    // Stricter than the policy: a few bad rows are split off, a fifth of them stops the query.
    intervention: strictest(
      violationRatio({ max: 0.2 }),
      consecutiveFailures({ max: 1, action: "warn" }),
    ),
    onStreamingBatch({ batchId, status, counts }) {
      console.log(`batch ${batchId}: ${status}, ${counts.accepted} accepted`);
      if (counts.records > 0) onFirstCommit();
    },
  },
);

// What a service needs besides: an orderly stop, and a health check that tells the truth.
gracefulShutdown(query);
const server = createServer((_, response) => {
  response.statusCode = query.isActive ? 200 : 503;
  response.end(JSON.stringify(query));
}).listen(0, "127.0.0.1");
await once(server, "listening");

const good = Array.from({ length: 20 }, () => gpsPing());
const flood = Array.from({ length: 20 }, () => gpsPing({ speed_kmh: 900 }));
await produce(broker.bootstrapServers, "gps-pings", good);
await firstCommit;
await produce(broker.bootstrapServers, "gps-pings", flood);

try {
  await query.awaitTermination();
} catch (error) {
  if (!StreamingInterventionError.is(error)) throw error;
  const { violatingRows, rowCount } = error.verdict;
  console.log(`blocked: ${error.message} (${violatingRows} of ${rowCount} rows)`);
}
const { status } = await fetch(`http://127.0.0.1:${server.address().port}/healthz`);
console.log(`health: ${status}`);
server.close();
broker.close();
