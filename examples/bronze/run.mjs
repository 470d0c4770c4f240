// Raw ingestion: every topic into a table of its own, payloads as they came, no contract yet.
//   node examples/bronze/run.mjs
import { gracefulShutdown, startQuery } from "headgate";
import { gpsPing, newLake, openBroker, produce } from "../broker.mjs";

const topics = ["gps-pings", "trips", "ratings"];
const broker = await openBroker(...topics);
for (const topic of topics) {
  await produce(broker.bootstrapServers, topic, [gpsPing(), gpsPing(), "not even JSON"]);
}

const warehouse = newLake();
const queries = await Promise.all(
  topics.map((topic) => {
    const name = `bronze_${topic.replace("-", "_")}`;
    return startQuery(
      {
        name,
        input: {
          format: "kafka",
          options: {
            "kafka.bootstrap.servers": broker.bootstrapServers,
            subscribe: topic,
            startingOffsets: "earliest",
            includeHeaders: true,
          },
          decode: "raw", // _raw_value, with key, headers and coordinates beside it
        },
        // Partitioned by day, so that old days can be dropped or compacted on their own.
        output: {
          format: "delta",
          tableName: name,
          warehouse,
          options: { partitionBy: "_ingestion_date" },
        },
        deadLetters: { format: "delta", tableName: `dlq_${name}`, warehouse },
        streaming: { trigger: { type: "available_now" } }, // all there is, then end
        memory: { max: "256MiB" }, // of the process, for all queries together
      },
      {
        onStreamingBatch({ counts, datasetId }) {
          console.log(`${name}: ${counts.accepted} records in ${datasetId}`);
        },
      },
    );
  }),
);

gracefulShutdown(queries);
await Promise.all(queries.map((query) => query.awaitTermination()));
console.log(`tables are in ${warehouse}`);
broker.close();
