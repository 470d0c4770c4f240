import type { BatchLinks, Place } from "../../governance/batch-details.js";
import type { Session } from "./database.js";
import { listed, sql } from "./sql.js";

/** What leads where: a dataset, or one column of it, goes into another by a job. */
export interface Edge {
  from: Place & { column?: string };
  to: Place & { column?: string };
  job: { namespace: string; name: string };
  /** What the target is to the job. */
  role: "output" | "rejects" | "dead_letters" | "rerouted";
}

/** Namespace of jobs that are queries of Headgate. */
const QUERIES = "headgate";
const MAX_ROWS = 200;

/** What a batch read and where its rows went. */
export async function writeBatchEdges(
  session: Session,
  { inputs, ...targets }: BatchLinks,
  query: string | undefined,
  happenedMs: number,
): Promise<void> {
  const job = { namespace: QUERIES, name: query ?? targets.output?.name ?? "" };
  const to = {
    output: targets.output,
    rejects: targets.rejects,
    dead_letters: targets.deadLetters,
    rerouted: targets.rerouted,
  };
  const edges = Object.entries(to).flatMap(([role, place]) =>
    place === undefined
      ? []
      : inputs.map((from): Edge => ({ from, to: place, job, role: role as Edge["role"] })),
  );
  await writeEdges(session, edges, happenedMs);
}

/** An edge that is there is seen again. */
export async function writeEdges(
  session: Session,
  edges: readonly Edge[],
  happenedMs: number,
): Promise<void> {
  const distinct = new Map(edges.map((edge) => [JSON.stringify(valuesOf(edge)), edge]));
  const rows = [...distinct.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (let at = 0; at < rows.length; at += MAX_ROWS) {
    const values = rows.slice(at, at + MAX_ROWS).map(([, edge]) => {
      return sql`(${listed([...valuesOf(edge), edge.role, happenedMs, happenedMs])})`;
    });
    await session.run(sql`
      INSERT INTO lineage_edges (
        from_namespace, from_name, from_column, to_namespace, to_name, to_column,
        job_namespace, job_name, role, first_ms, last_ms)
      VALUES ${listed(values)}
      ON CONFLICT (from_namespace, from_name, to_namespace, to_name, job_namespace, job_name,
        from_column, to_column)
      DO UPDATE SET last_ms =
        CASE WHEN lineage_edges.last_ms > excluded.last_ms
        THEN lineage_edges.last_ms ELSE excluded.last_ms END`);
  }
}

function valuesOf({ from, to, job }: Edge): string[] {
  return [
    ...[from.namespace, from.name, from.column ?? ""],
    ...[to.namespace, to.name, to.column ?? ""],
    ...[job.namespace, job.name],
  ];
}
