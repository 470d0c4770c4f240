// A history of many batches on each database: how long a page takes, and whether the service's memory stays flat.
// node benches/governance-history.mjs [--batches 1000000] [--warm-up 30000] [--requests 90000] [--postgres <url> [--only-postgres]]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    batches: { type: "string", default: "1000000" },
    "warm-up": { type: "string", default: "30000" },
    requests: { type: "string", default: "90000" },
    postgres: { type: "string" },
    "only-postgres": { type: "boolean", default: false },
  },
});
const [batches, warmUp, requests] = ["batches", "warm-up", "requests"].map((key) =>
  Number(values[key]),
);
/** Of a page, at the 99th percentile. */
const LONGEST_MS = 50;
const SAMPLE_EVERY = 1_000;
/** Of the median memory in the last third of the requests, over both thirds before: one alone may be a low of the collector. */
const MAX_GROWTH = 0.05;
const { openDatabase } = await import("../dist/service/store/open.js");
const { writeVerdict } = await import("../dist/service/store/batch-writer.js");
const { datasetIdOf } = await import("../dist/service/store/dataset-versions.js");
const { sql } = await import("../dist/service/store/sql.js");

const dataset = "rides.pings";
const firstMs = Date.UTC(2026, 0, 1);
const EVERY_MS = 10_000;

function verdict(at) {
  const metrics = { row_count: 10_000, "tolerated.required_speed": 3 };
  const text = "required_speed (speed): 3 violations";
  return {
    kind: "verdict",
    datasetVersion: String(at),
    contractId: "pings",
    contractVersion: at < batches / 2 ? "1.0.0" : "1.1.0",
    operation: "write",
    observationsReused: false,
    validation: {
      ok: true,
      status: "warn",
      errors: [],
      warnings: [text],
      metrics,
      schema: { speed: { odcsType: "number", nullable: false } },
      details: {
        violations: 3,
        batch_uuid: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`,
        query: "gps_pings",
        streaming_batch_id: at,
        streaming_batches: [
          { batch_id: at, timestamp: new Date(firstMs + at * EVERY_MS).toISOString() },
        ],
        counts: { records: 10_000, accepted: 9_997, rejected: 3 },
      },
    },
  };
}

/** Two batches as the service writes them, one of each contract version; the others are copies of these. */
async function fill(store) {
  const database = await openDatabase(store);
  const start = performance.now();
  await database.write(async (session) => {
    if (database.dialect === "postgres") await session.run(sql`SET LOCAL statement_timeout = 0`);
    const nowMs = Date.now();
    const id = await datasetIdOf(session, dataset, nowMs);
    const [old, half] = [0, Math.ceil(batches / 2)];
    for (const at of [old, half]) {
      await writeVerdict(session, id, verdict(at), { source: "client", nowMs });
    }
    const numbers = sql`WITH RECURSIVE n (at) AS (
      SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ${batches - 1}) `;
    await session.run(sql`${numbers}
      INSERT INTO versions (dataset, use_id, version, worst_rank)
      SELECT v.dataset, v.use_id, CAST(n.at AS TEXT), v.worst_rank
      FROM n JOIN versions v ON v.version =
        CASE WHEN n.at < ${half} THEN ${String(old)} ELSE ${String(half)} END
      WHERE n.at <> ${half}`);
    await session.run(sql`
      INSERT INTO batches (
        dataset, version_id, use_id, key, happened_ms, recorded_ms, source, operation, status,
        violations, row_count, batch_id, batch_uuid, query, reused, validation, snapshot, counts)
      SELECT b.dataset, v.id, v.use_id, 'copy ' || v.version,
        ${firstMs} + CAST(v.version AS BIGINT) * ${EVERY_MS}, b.recorded_ms, b.source, b.operation,
        CASE WHEN CAST(v.version AS BIGINT) % 997 = 0 THEN 'block'
          WHEN CAST(v.version AS BIGINT) % 97 = 0 THEN 'warn' ELSE 'ok' END,
        b.violations, b.row_count, CAST(v.version AS BIGINT), 'copy ' || v.version, b.query,
        b.reused, b.validation, b.snapshot, b.counts
      FROM versions v JOIN batches b ON b.use_id = v.use_id WHERE v.worst_batch IS NULL`);
    await session.run(sql`
      INSERT INTO metrics (dataset, metric, happened_ms, batch, value)
      SELECT b.dataset, 'row_count', b.happened_ms, b.id, 10000 FROM batches b
      WHERE b.key LIKE 'copy %'`);
    await session.run(sql`
      UPDATE versions SET worst_batch = (SELECT b.id FROM batches b WHERE b.version_id = versions.id)
      WHERE worst_batch IS NULL`);
    await session.run(sql`ANALYZE`);
  });
  await database.close();
  return (performance.now() - start) / 1_000;
}

/** It is no page: its time is shown, and no bar. */
const TOLD = "a verdict told";
const iso = (at) => new Date(firstMs + Math.round(at) * EVERY_MS).toISOString();
const late = (from) => batches * (from + Math.random() * (1 - from));
const pageOf =
  (list, query = () => ({})) =>
  async (url) => {
    const search = new URLSearchParams(query());
    const response = await fetch(`${url}/v1/datasets/${dataset}/${list}?${search}`);
    const { items } = await response.json();
    if (items?.length === 0 || !response.ok) throw new Error(`${list} ${search}: nothing`);
  };
const REQUESTS = {
  "newest page": pageOf("batches"),
  "page at a random time": pageOf("batches", () => ({ to: iso(late(0.01)) })),
  "blocks at a random time": pageOf("batches", () => ({ status: "block", to: iso(late(0.5)) })),
  "of a contract version": pageOf("batches", () => ({
    contract_version: "1.1.0",
    to: iso(late(0.6)),
  })),
  "metric at a random time": pageOf("metric-history", () => ({
    metric: "row_count",
    to: iso(late(0.1)),
  })),
  versions: pageOf("versions"),
  [TOLD]: tell,
};

let told = batches;
/** As a running query tells it. */
async function tell(url) {
  const { validation, datasetVersion, contractId, contractVersion } = verdict(told);
  told += 1;
  const response = await fetch(`${url}/governance/evaluate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      contract_id: contractId,
      contract_version: contractVersion,
      dataset_id: dataset,
      dataset_version: datasetVersion,
      operation: "write",
      validation: { ...validation, schema: {} },
      observations: { metrics: validation.metrics, schema: {} },
    }),
  });
  if (!response.ok) throw new Error(`a verdict was answered ${response.status}`);
  await response.json();
}

async function putContract(url) {
  const contract = { apiVersion: "v3.1.0", kind: "DataContract", id: "pings", status: "active" };
  const response = await fetch(`${url}/contracts/pings/versions/1.1.0`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...contract, version: "1.1.0", schema: [{ name: "pings" }] }),
  });
  if (!response.ok) throw new Error(`the contract was answered ${response.status}`);
}

async function measure(name, store) {
  const program = ["dist/cli/main.js", "serve", "--port", "0", "--store", store];
  const child = spawn(process.execPath, [...program, "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = await once(createInterface({ input: child.stdout }), "line");
  const rssMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]) / 1024;
  const times = new Map(Object.keys(REQUESTS).map((what) => [what, []]));
  const samples = [];
  try {
    await putContract(url);
    const kinds = Object.entries(REQUESTS);
    for (let at = 0; at < warmUp + requests; at += 1) {
      const [what, request] = kinds[at % kinds.length];
      const start = performance.now();
      await request(url);
      if (at < warmUp) continue;
      times.get(what).push(performance.now() - start);
      if ((at + 1 - warmUp) % SAMPLE_EVERY === 0) samples.push(rssMb());
    }
  } finally {
    child.kill("SIGTERM");
    await once(child, "close");
  }
  const slow = [...times].filter(([what, each]) => !isFast(name, what, each) && what !== TOLD);
  return isFlat(name, samples) && slow.length === 0;
}

function isFast(name, what, times) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)];
  const [p50, p99, max] = [0.5, 0.99, 0.9999].map((share) => at(share).toFixed(1));
  console.log(`${name}, ${what}: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`);
  return at(0.99) < LONGEST_MS;
}

function isFlat(name, samples) {
  const third = Math.floor(samples.length / 3);
  const medianOf = (from) => {
    const sorted = samples.slice(from, from + third).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  const medians = [0, third, samples.length - third].map(medianOf);
  const growth = medians[2] / Math.max(medians[0], medians[1]) - 1;
  const isLow = growth <= MAX_GROWTH;
  const mib = (list) => list.map((each) => each.toFixed(0)).join(" ");
  console.log(`${name}: memory every ${SAMPLE_EVERY} requests, MiB: ${mib(samples)}`);
  console.log(
    `${name}: medians of the thirds ${mib(medians)} MiB, growth ${(growth * 100).toFixed(1)} %: ` +
      `${isLow ? "flat" : "NOT flat"}`,
  );
  return isLow;
}

if (requests < 3 * SAMPLE_EVERY) throw new Error(`--requests: ${3 * SAMPLE_EVERY} or more`);
console.log(`${cpus().length} × ${cpus()[0].model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`);
const folder = mkdtempSync(join(tmpdir(), "headgate-bench-"));
try {
  const stores = {
    ...(!values["only-postgres"] && { "embedded database": folder }),
    ...(values.postgres && { PostgreSQL: values.postgres }),
  };
  for (const [name, store] of Object.entries(stores)) {
    const seconds = await fill(store);
    console.log(`${name}: ${batches} batches in ${seconds.toFixed(0)} s`);
    if (!(await measure(name, store))) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
