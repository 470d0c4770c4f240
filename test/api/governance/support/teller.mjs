// Tells a folder of a batch after the other, and says so once each is there. It is killed.
import { createRequire } from "node:module";

const { fileSystemGovernance, governanceObserver } = createRequire(import.meta.url)(
  "../../../../dist/governance.js",
);
const [folder, first, count] = process.argv.slice(2);
const { governance } = fileSystemGovernance(folder);
const contract = { contractId: "pings", contractVersion: "1.0.0" };
const observer = governanceObserver(governance, { dataset: "rides.pings", contract });
const { signal } = new AbortController();
const output = { datasetId: "pings", address: "file:///lake/pings" };
const input = { format: "rate", bootstrapServers: "", topics: [] };
const run = { queryName: "pings", input, output, sinks: {}, columns: [] };
for (let batchId = Number(first); batchId < Number(first) + Number(count); batchId += 1) {
  const metrics = { row_count: 1, ["x".repeat(20_000)]: batchId };
  const counts = {
    records: 1,
    accepted: 1,
    rejected: 0,
    deadLetters: 0,
    skipped: 0,
    rerouted: 0,
    copied: 0,
  };
  const judged = { status: "ok", violations: 0, errors: [], warnings: [], metrics };
  await observer.tell(
    { batchId, batchUuid: `u-${batchId}`, rowCount: 1, positions: [], counts, ...judged },
    { run, signal },
  );
  console.log(batchId);
}
