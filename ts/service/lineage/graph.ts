import type { Database } from "../store/database.js";
import { timeOf } from "../store/rows.js";
import { every, listed, type Sql, sql } from "../store/sql.js";

/** No answer is larger than this, however wide a lake's lineage is. */
const MOST_NODES = 1_000;
const MOST_EDGES = 5_000;

export type Direction = "upstream" | "downstream" | "both";

export interface Node {
  namespace: string;
  name: string;
}

interface EdgeRow {
  id: number;
  from_namespace: string;
  from_name: string;
  from_column: string;
  to_namespace: string;
  to_name: string;
  to_column: string;
  job_namespace: string;
  job_name: string;
  role: string;
  first_ms: number;
  last_ms: number;
}

/** Everything that leads to `roots`, or that they lead to, up to `depth` steps away. */
export async function lineageGraph(
  database: Database,
  roots: readonly Node[],
  { direction, depth, columns }: { direction: Direction; depth: number; columns: boolean },
): Promise<object> {
  const nodes = new Map(roots.map((node) => [keyOf(node), node]));
  const edges = new Map<number, EdgeRow>();
  const sides = direction === "both" ? (["upstream", "downstream"] as const) : [direction];
  let isTruncated = false;
  for (const side of sides) {
    let frontier: readonly Node[] = roots;
    const seen = new Set(roots.map(keyOf));
    for (let step = 0; step < depth && frontier.length > 0; step += 1) {
      const found = await edgesAt(database, frontier, side, columns);
      if (found.length > MOST_EDGES) isTruncated = true;
      const next: Node[] = [];
      for (const edge of found.slice(0, MOST_EDGES)) {
        if (nodes.size >= MOST_NODES || edges.size >= MOST_EDGES) {
          isTruncated = true;
          break;
        }
        edges.set(edge.id, edge);
        const far = side === "upstream" ? fromOf(edge) : toOf(edge);
        nodes.set(keyOf(far), far);
        if (!seen.has(keyOf(far))) {
          seen.add(keyOf(far));
          next.push(far);
        }
      }
      frontier = next;
    }
  }
  const all = [...edges.values()];
  return {
    roots: roots.map(shownNode),
    nodes: [...nodes.values()].map(shownNode),
    edges: all.filter(({ to_column: column }) => column === "").map(shownEdge),
    columns: all.filter(({ to_column: column }) => column !== "").map(shownColumn),
    truncated: isTruncated,
  };
}

/** Under which places a dataset of governance is known to lineage. */
export async function placesOf(database: Database, datasetId: string): Promise<readonly Node[]> {
  const [batch, named] = await Promise.all([
    database.one<{ links: string }>(sql`
      SELECT b.links FROM batches b JOIN datasets d ON d.id = b.dataset
      WHERE d.name = ${datasetId} AND b.links IS NOT NULL
      ORDER BY b.happened_ms DESC, b.id DESC LIMIT 1`),
    database.all<Node>(sql`
      SELECT from_namespace AS namespace, from_name AS name FROM lineage_edges
      WHERE from_name = ${datasetId}
      UNION SELECT to_namespace, to_name FROM lineage_edges WHERE to_name = ${datasetId}
      LIMIT 20`),
  ]);
  const output: unknown = batch === undefined ? undefined : JSON.parse(batch.links).output;
  const places = output ? [output as Node, ...named] : named;
  return [
    ...new Map(
      places.map(({ namespace, name }) => [keyOf({ namespace, name }), { namespace, name }]),
    ).values(),
  ];
}

async function edgesAt(
  database: Database,
  nodes: readonly Node[],
  side: "upstream" | "downstream",
  columns: boolean,
): Promise<EdgeRow[]> {
  const pairs = listed(nodes.map(({ namespace, name }) => sql`(${namespace}, ${name})`));
  const near: Sql =
    side === "upstream"
      ? sql`(to_namespace, to_name) IN (VALUES ${pairs})`
      : sql`(from_namespace, from_name) IN (VALUES ${pairs})`;
  return database.all<EdgeRow>(sql`
    SELECT * FROM lineage_edges WHERE ${every([near, columns ? undefined : sql`to_column = ''`])}
    ORDER BY id LIMIT ${MOST_EDGES + 1}`);
}

function keyOf({ namespace, name }: Node): string {
  return JSON.stringify([namespace, name]);
}

function fromOf(edge: EdgeRow): Node {
  return { namespace: edge.from_namespace, name: edge.from_name };
}

function toOf(edge: EdgeRow): Node {
  return { namespace: edge.to_namespace, name: edge.to_name };
}

function shownNode({ namespace, name }: Node): object {
  return { namespace, name };
}

function shownEdge(edge: EdgeRow): object {
  return {
    from: fromOf(edge),
    to: toOf(edge),
    job: { namespace: edge.job_namespace, name: edge.job_name },
    role: edge.role,
    first_seen_at: timeOf(edge.first_ms),
    last_seen_at: timeOf(edge.last_ms),
  };
}

function shownColumn(edge: EdgeRow): object {
  return {
    from: { ...fromOf(edge), column: edge.from_column },
    to: { ...toOf(edge), column: edge.to_column },
    job: { namespace: edge.job_namespace, name: edge.job_name },
  };
}
