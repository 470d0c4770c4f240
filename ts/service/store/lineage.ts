import { isMapping } from "../../contract/expectation.js";
import type { Properties } from "../../governance/types.js";
import { msOf } from "./batch-writer.js";
import type { Session } from "./database.js";
import { datasetIdOf } from "./dataset-versions.js";
import { type Edge, writeEdges } from "./edges.js";
import { sql } from "./sql.js";

/** Keeps an OpenLineage event and the edges that it tells of; told twice with one key, it counts once. */
export async function recordEvent(
  session: Session,
  event: Properties,
  subjects: ReadonlyMap<string, string | undefined>,
  key?: string,
): Promise<void> {
  const nowMs = Date.now();
  const happenedMs = msOf(text(event.eventTime)) ?? nowMs;
  const [run, job] = [event.run, event.job].map((each) => (isMapping(each) ? each : {}));
  const row = await session.one<{ id: number }>(sql`
    INSERT INTO lineage_events (
      key, event_type, happened_ms, recorded_ms, run_id, job_namespace, job_name, event)
    VALUES (
      ${key}, ${text(event.eventType)}, ${happenedMs}, ${nowMs}, ${text(run?.runId)},
      ${text(job?.namespace)}, ${text(job?.name)}, ${JSON.stringify(event)})
    ON CONFLICT DO NOTHING
    RETURNING id`);
  if (row === undefined) return;
  for (const [name, version] of [...subjects].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const dataset = await datasetIdOf(session, name, nowMs);
    await session.run(sql`
      INSERT INTO lineage_subjects (dataset, event, version) VALUES (${dataset}, ${row.id}, ${version})
      ON CONFLICT DO NOTHING`);
  }
  await writeEdges(session, edgesOf(event), happenedMs);
}

/** Every input leads to every output; columns as far as a facet of the output says. */
export function edgesOf(event: Properties): readonly Edge[] {
  const [inputs, outputs] = [event.inputs, event.outputs].map(datasetsOf);
  const job = isMapping(event.job) ? event.job : {};
  const by = { namespace: text(job.namespace) ?? "", name: text(job.name) ?? "" };
  return (outputs ?? []).flatMap((to) => [
    ...(inputs ?? []).map((from): Edge => ({ from, to, job: by, role: "output" })),
    ...columnsOf(to).map((each): Edge => ({ ...each, job: by, role: "output" })),
  ]);
}

interface Dataset {
  namespace: string;
  name: string;
  facets: Properties;
}

function datasetsOf(value: unknown): Dataset[] {
  return [value].flat().flatMap((each) => {
    if (!isMapping(each)) return [];
    const [namespace, name] = [text(each.namespace), text(each.name)];
    if (namespace === undefined || name === undefined) return [];
    return [{ namespace, name, facets: isMapping(each.facets) ? each.facets : {} }];
  });
}

function columnsOf({ namespace, name, facets }: Dataset): Pick<Edge, "from" | "to">[] {
  const { columnLineage } = facets;
  const fields = isMapping(columnLineage) ? columnLineage.fields : undefined;
  if (!isMapping(fields)) return [];
  return Object.entries(fields).flatMap(([column, field]) => {
    const inputs = isMapping(field) && Array.isArray(field.inputFields) ? field.inputFields : [];
    return inputs.filter(isMapping).flatMap((input) => {
      const from = { namespace: text(input.namespace), name: text(input.name) };
      const fromColumn = text(input.field);
      if (from.namespace === undefined || from.name === undefined || !fromColumn) return [];
      return [
        {
          from: { namespace: from.namespace, name: from.name, column: fromColumn },
          to: { namespace, name, column },
        },
      ];
    });
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
