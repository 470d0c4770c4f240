import type { LoadResult } from "../load/load.ts";
import type { HeadgateResult } from "./headgate.ts";
import type { BenchOptions } from "./options.ts";

export interface Results {
  raw: LoadResult;
  headgate: HeadgateResult;
  spark?: LoadResult;
}

/** A table for people, the ratios that matter, and one JSON line for machines. */
export function report(options: BenchOptions, results: Results): string {
  const { raw, headgate, spark } = results;
  const lines = [
    line("librdkafka alone", raw, options.rows),
    line("Headgate, 10 rules, 3 tables", headgate, options.rows),
    ...(spark ? [line("PySpark + Delta, parse and write", spark, options.rows)] : []),
    `commit latency over ${headgate.batches} batches: p50 ${headgate.commitP50Ms.toFixed(1)} ms, p99 ${headgate.commitP99Ms.toFixed(1)} ms (durability: ${options.durability})`,
    `Headgate / librdkafka: ${ratio(headgate.rowsPerSecond, raw.rowsPerSecond)} of the rows a second`,
  ];
  if (spark) {
    lines.push(
      `Headgate / Spark: ${ratio(headgate.rowsPerSecond, spark.rowsPerSecond)} × the rows a second, ` +
        `${ratio(headgate.cpuSeconds, spark.cpuSeconds)} × the CPU-seconds, ` +
        `${ratio(headgate.peakRssMb, spark.peakRssMb)} × the memory`,
    );
  }
  lines.push(JSON.stringify({ event: "bench", bench: "end-to-end", ...options, ...results }));
  return lines.join("\n");
}

function line(name: string, result: LoadResult, rows: number): string {
  const perMillion = (result.cpuSeconds * 1e6) / rows;
  return [
    name.padEnd(34),
    `${Math.round(result.rowsPerSecond).toLocaleString("en")} rows/s`.padStart(18),
    `${perMillion.toFixed(2)} CPU-s per million`.padStart(26),
    `${Math.round(result.peakRssMb)} MB peak`.padStart(14),
  ].join("");
}

function ratio(of: number, to: number): string {
  return (of / to).toFixed(2);
}
