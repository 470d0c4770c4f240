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

const dataset = "rides.pings";
const firstMs = Date.UTC(2026, 0, 1);
const EVERY_MS = 10_000;
const A_TRANSACTION = 2_000;

function verdict(at) {
  const bad = at % 97 === 0 ? 3 : 0;
  const status = at % 997 === 0 ? "block" : bad > 0 ? "warn" : "ok";
  const metrics = { row_count: 10_000, "tolerated.required_speed": bad };
  const text = `required_speed (speed): ${bad} violations`;
  return {
    kind: "verdict",
    datasetVersion: String(at),
    contractId: "pings",
    contractVersion: at < batches / 2 ? "1.0.0" : "1.1.0",
    operation: "write",
    observationsReused: false,
    validation: {
      ok: status !== "block",
      status,
      errors: status === "block" ? [text] : [],
      warnings: status === "warn" ? [text] : [],
      metrics,
      schema: { speed: { odcsType: "number", nullable: false } },
      details: {
        violations: bad,
        batch_uuid: `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`,
        query: "gps_pings",
        streaming_batch_id: at,
        streaming_batches: [
          { batch_id: at, timestamp: new Date(firstMs + at * EVERY_MS).toISOString() },
        ],
        counts: { records: 10_000, accepted: 10_000 - bad, rejected: bad },
      },
    },
  };
}

async function fill(store) {
  const database = await openDatabase(store);
  const start = performance.now();
  for (let first = 0; first < batches; first += A_TRANSACTION) {
    await database.write(async (session) => {
      const nowMs = Date.now();
      const id = await datasetIdOf(session, dataset, nowMs);
      const last = Math.min(first + A_TRANSACTION, batches);
      for (let at = first; at < last; at += 1) {
        await writeVerdict(session, id, verdict(at), { source: "client", nowMs });
      }
    });
    if (first % 100_000 === 0) console.error(`  ${first} batches`);
  }
  await database.close();
  return (performance.now() - start) / 1_000;
}

const iso = (at) => new Date(firstMs + Math.round(at) * EVERY_MS).toISOString();
const QUERIES = {
  "newest page": () => ({}),
  "page at a random time": () => ({ to: iso(Math.random() * batches) }),
  "blocks at a random time": () => ({ status: "block", to: iso(Math.random() * batches) }),
  "of a contract version": () => ({
    contract_id: "pings",
    contract_version: "1.1.0",
    to: iso(batches * (0.5 + Math.random() / 2)),
  }),
};

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
    for (const [query, made] of Object.entries(QUERIES)) {
      const times = [];
      for (let at = 0; at < requests; at += 1) {
        const search = new URLSearchParams({ limit: "100", ...made() });
        const start = performance.now();
        const response = await fetch(`${url}/v1/datasets/${dataset}/batches?${search}`);
        const { items } = await response.json();
        times.push(performance.now() - start);
        if (!response.ok || (items.length === 0 && at > 10)) throw new Error(JSON.stringify(items));
      }
      times.sort((a, b) => a - b);
      const at = (share) => times[Math.floor(times.length * share)].toFixed(1);
      console.log(`${name}, ${query}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.9999)} ms`);
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
