// A pipeline as users of dc43 know it: read under a contract, refine, write under another one, and
// governance knows. Its verdicts are in a folder here; httpGovernance speaks to a dc43 service.
//   node examples/streams/run.mjs
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  readStreamFromContract,
  splitWriteViolationStrategy,
  writeStreamWithContract,
} from "headgate";
import { fileSystemGovernance } from "headgate/governance";
import { parse } from "yaml";
import { gpsPing, newLake, openBroker, produce } from "../broker.mjs";

const broker = await openBroker("gps-pings");
await produce(broker.bootstrapServers, "gps-pings", [
  gpsPing(),
  gpsPing({ speed_kmh: 132 }),
  gpsPing({ speed_kmh: 900 }), // too fast for the contract of what is written
  gpsPing({ speed_kmh: null }), // the pipeline leaves it out
]);

const lake = newLake();
const governance = fileSystemGovernance(join(lake, "governance"));
const pings = join(import.meta.dirname, "..", "contracts", "gps_pings.odcs.yaml");
await governance.contracts.put(parse(readFileSync(pings, "utf8")));
const speeds = {
  apiVersion: "v3.1.0",
  kind: "DataContract",
  id: "rides.speeds",
  version: "1.0.0",
  status: "active",
  schema: [
    {
      name: "speeds",
      properties: [
        { name: "driver_id", logicalType: "string", required: true },
        { name: "metres_a_second", logicalType: "number", logicalTypeOptions: { maximum: 70 } },
        { name: "band", logicalType: "string", required: true },
      ],
    },
  ],
};
await governance.contracts.put(speeds);

const pipelineContext = { pipeline: "examples.streams", run_type: "enforce" };
const { stream, validation } = await readStreamFromContract({
  input: {
    format: "kafka",
    options: {
      "kafka.bootstrap.servers": broker.bootstrapServers,
      subscribe: "gps-pings",
      startingOffsets: "earliest",
    },
  },
  contract: { contractId: "rides.gps_pings", versionSelector: ">=1.0.0" },
  governance,
  datasetId: "rides.gps_pings",
  pipelineContext,
});
console.log(`read: ${Object.keys(stream.schema).length} columns, status ${validation.status}`);

const write = {
  contract: speeds,
  output: { format: "delta", path: join(lake, "speeds") },
  streaming: { trigger: { type: "available_now" } }, // all there is, then end
  violationStrategy: splitWriteViolationStrategy(),
  governance,
  datasetId: "rides.speeds",
  datasetVersion: "{timestamp}",
  pipelineContext,
};

// Of the schema it is known before anything starts whether it fits. By default this would throw.
const early = await writeStreamWithContract(stream, { ...write, enforce: false });
console.log(`refused: ${early.errors.join(", ")}; ${early.streamingQueries.length} queries`);

const result = await writeStreamWithContract(
  stream
    .filter("speed_kmh IS NOT NULL")
    .withColumn("metres_a_second", "speed_kmh / 3.6")
    .withColumn("band", "CASE WHEN speed_kmh > 130 THEN 'fast' ELSE 'normal' END"),
  {
    ...write,
    onStreamingBatch({ status, rowCount, violations }) {
      console.log(`batch: ${status}, ${rowCount} rows, ${violations} violations`);
    },
  },
);
await result.streamingQueries[0].awaitTermination();
console.log(`written: ${result.datasetId} is ${result.status}, ${result.errors.join(", ")}`);

for (const dataset of await governance.governance.datasets()) {
  for (const record of await governance.governance.datasetRecords({ datasetId: dataset })) {
    const version = record.datasetVersion === "" ? "no version" : "a version";
    console.log(`governance: ${dataset} has ${version}, ${record.status}: ${record.reason}`);
  }
}
broker.close();
