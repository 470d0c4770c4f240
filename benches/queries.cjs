// The measured process: runs the queries of QUERIES to their end, or until SIGTERM, and prints one
// JSON line. Nothing but Headgate is loaded, so that its memory is Headgate's.
const { readFileSync } = require("node:fs");
const { startQuery } = require("headgate");

const counts = { records: 0, accepted: 0, rejected: 0, deadLetters: 0, skipped: 0, copied: 0 };
const commitMs = [];
const began = process.hrtime.bigint();

async function follow(query) {
  for await (const { durationMs, numInputRows } of query.progress()) {
    if (numInputRows > 0) commitMs.push(durationMs.commit);
  }
}

async function main() {
  const onStreamingBatch = (batch) => {
    for (const key of Object.keys(counts)) counts[key] += batch.counts[key];
    process.send?.({ records: counts.records });
  };
  const queries = [];
  for (const config of JSON.parse(process.env.QUERIES)) {
    queries.push(await startQuery(config, { onStreamingBatch }));
  }
  const followed = queries.map(follow);
  process.once("SIGTERM", () => {
    for (const query of queries) query.stop().catch(() => {});
  });
  process.send?.({ records: 0 });
  await Promise.all(queries.map((query) => query.awaitTermination()));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  await Promise.all(followed);
  const { user, system } = process.cpuUsage();
  console.log(
    JSON.stringify({
      seconds,
      counts,
      commitMs,
      cpuSeconds: (user + system) / 1e6,
      peakRssMb: peakRssMb(),
    }),
  );
}

/** Of this program alone: what getrusage says includes the process that it was forked from. */
function peakRssMb() {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kib) / 1024;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
