// The measured process: runs the queries of RUNS one after the other and tells of every commit. It
// keeps nothing, and loads nothing but Headgate.
const { startQuery } = require("headgate");

const silent = () => {};
const logger = {
  level: "info",
  debug: silent,
  info: (_fields, message) => {
    if (message === "rebalance") process.send({ event: "assigned" });
  },
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};

async function run(config, at) {
  const query = await startQuery(config, { logger });
  let told = 0;
  for await (const { numInputRows, durationMs } of query.progress()) {
    if (numInputRows === 0) continue;
    told += 1;
    process.send({ event: "commit", run: at, commit: told, durationMs });
  }
  await query.awaitTermination();
}

async function main() {
  for (const [at, given] of JSON.parse(process.env.RUNS).entries()) await run(given, at);
  process.disconnect();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
