// The measured process: reads a topic to its end, told to nobody, to governance, or to a client that
// hangs for ever, and says when the last batch was committed and when all was told.
const { startQuery } = require("headgate");
const { governanceObserver, httpGovernance } = require("headgate/governance");

const { QUERY, CONTENDER, SERVICE, DATASET } = process.env;

const since = (began) => Number(process.hrtime.bigint() - began) / 1e9;
let told = 0;

function hooks() {
  if (CONTENDER === "alone") return {};
  const onStreamingBatch = () => {
    told += 1;
  };
  const { governance } = httpGovernance({ baseUrl: SERVICE });
  const contract = { contractId: "events" };
  const client =
    CONTENDER === "told" ? governance : { ...governance, resolve: () => new Promise(() => {}) };
  const observers = [governanceObserver(client, { dataset: DATASET, contract })];
  return { onStreamingBatch, observers };
}

async function main() {
  const began = process.hrtime.bigint();
  const query = await startQuery(JSON.parse(QUERY), hooks());
  const counts = { batches: 0, records: 0 };
  let seconds = 0;
  for await (const { numInputRows } of query.progress()) {
    if (numInputRows === 0) continue;
    counts.batches += 1;
    counts.records += numInputRows;
    seconds = since(began);
  }
  const cpu = process.cpuUsage();
  // What hangs would be waited for.
  if (CONTENDER !== "hanging") await query.awaitTermination();
  else while (told < counts.batches) await new Promise(setImmediate);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const lagSeconds = since(began) - seconds;
  console.log(JSON.stringify({ ...counts, told, seconds, lagSeconds, cpuSeconds }));
  process.exit();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
