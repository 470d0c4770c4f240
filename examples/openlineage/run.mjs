// What a catalog learns of a query by OpenLineage: node examples/openlineage/run.mjs
// With MARQUEZ_URL, Marquez is told as well: MARQUEZ_URL=http://127.0.0.1:5000
import { httpTransport, openLineage, startQuery } from "headgate";
import { gpsPing, gpsPings, newLake, openBroker, produce } from "../broker.mjs";

const broker = await openBroker("gps-pings");
const lake = newLake();

// Stands for a catalog; any object that has `emit` will do.
const catalog = {
  emit({ eventType, inputs, outputs, run }) {
    const from = inputs.map(({ name, namespace }) => `${namespace}/${name}`);
    console.log(`${eventType} ${from} -> ${outputs.length} tables`);
    const broken = (run.facets.test?.tests ?? []).filter(({ status }) => status === "fail");
    for (const { name, actual } of broken) console.log(`  ${name}: ${actual} violations`);
  },
};
const observers = [openLineage({ namespace: "examples", transport: catalog })];
const { MARQUEZ_URL: url } = process.env;
if (url) {
  const transport = httpTransport({ url });
  observers.push(openLineage({ namespace: "examples", name: "marquez", transport }));
}

await produce(broker.bootstrapServers, "gps-pings", [gpsPing(), gpsPing({ speed_kmh: 900 }), "?"]);
const query = await startQuery(gpsPings(broker.bootstrapServers, lake, { type: "available_now" }), {
  observers,
});
await query.awaitTermination();
broker.close();
