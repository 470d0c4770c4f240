// A history of many batches on each database: how long a page takes, and what memory the service holds.
// node benches/governance-history.mjs [--batches 1000000] [--requests 2000] [--postgres <url>]
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
    requests: { type: "string", default: "2000" },
    postgres: { type: "string" },
  },
});
const [batches, requests] = [Number(values.batches), Number(values.requests)];
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

const iso = (at) => new Date(firstMs + Math.round(at) * EVERY_MS).toISOString();
const LISTS = {
  "newest page": () => ["batches", {}],
  "page at a random time": () => ["batches", { to: iso(Math.random() * batches) }],
  "blocks at a random time": () => ["batches", { status: "block", to: iso(late(0.5)) }],
  "of a contract version": () => ["batches", { contract_version: "1.1.0", to: iso(late(0.6)) }],
  "metric at a random time": () => ["metric-history", { metric: "row_count", to: iso(late(0.1)) }],
  versions: () => ["versions", {}],
};
const late = (from) => batches * (from + Math.random() * (1 - from));

async function measure(name, store) {
  const program = ["dist/cli/main.js", "serve", "--port", "0", "--store", store];
  const child = spawn(process.execPath, [...program, "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = await once(createInterface({ input: child.stdout }), "line");
  const rssMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))[1]) / 1024;
  const before = rssMb();
  try {
    for (const [what, made] of Object.entries(LISTS)) {
      const times = [];
      for (let at = 0; at < requests; at += 1) {
        const [list, query] = made();
        const search = new URLSearchParams(query);
        const start = performance.now();
        const response = await fetch(`${url}/v1/datasets/${dataset}/${list}?${search}`);
        const { items } = await response.json();
        times.push(performance.now() - start);
        if (items.length === 0) throw new Error(`${list} ${search}: nothing`);
      }
      times.sort((a, b) => a - b);
      const at = (share) => times[Math.floor(times.length * share)].toFixed(1);
      console.log(`${name}, ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.9999)} ms`);
    }
    console.log(`${name}: memory ${before.toFixed(0)} MiB before, ${rssMb().toFixed(0)} MiB after`);
  } finally {
    child.kill("SIGTERM");
    await once(child, "close");
  }
}

console.log(`${cpus().length} × ${cpus()[0].model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`);
const folder = mkdtempSync(join(tmpdir(), "headgate-bench-"));
try {
  const stores = {
    "embedded database": folder,
    ...(values.postgres && { PostgreSQL: values.postgres }),
  };
  for (const [name, store] of Object.entries(stores)) {
    const seconds = await fill(store);
    console.log(`${name}: ${batches} batches in ${seconds.toFixed(0)} s`);
    await measure(name, store);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
