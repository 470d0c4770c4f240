import { join } from "node:path";
import { summarize } from "../../support/readers/read-table.ts";
import { type Ingestion, ingest } from "../ingest.ts";
import { type Lake, localLake } from "../lake.ts";
import type { Chaos, Scenario } from "../scenario.ts";
import { type Deleted, OtherWriter, type Program } from "./other-writer.ts";

const PARTITIONS = 6;
const PER_SECOND = 3_000;
/** One row of so many is deleted at a time. */
const STRIDE = 120;

interface Course {
  /** How often the worker commits. */
  triggerMs: number;
  rounds: { inShort: number; inFull: number };
  /** What is done to the table first. */
  prepare?: (table: string) => Promise<void>;
}

/**
 * While a worker takes records in, another writer compacts the output, vacuums it, deletes rows of
 * it and gives it columns.
 */
export function otherWriters(
  name: string,
  program: (table: string, scratch: string) => Promise<Program>,
  course: Course,
): Scenario {
  return {
    name,
    async run(chaos) {
      const lake = localLake(join(chaos.folder, "lake"));
      const other = new OtherWriter(await program(lake.tables.output, chaos.folder));
      try {
        return await share(chaos, lake, other, course);
      } finally {
        await other.end();
      }
    },
  };
}

async function share(
  chaos: Chaos,
  lake: Lake,
  other: OtherWriter,
  { triggerMs, rounds: { inShort, inFull }, prepare }: Course,
) {
  const rounds = chaos.isShort ? inShort : inFull;
  const { bootstrapServers } = await chaos.kafka();
  const deleted: Deleted[] = [];
  const setting = {
    bootstrapServers,
    partitions: PARTITIONS,
    lake,
    kafkaOptions: { "kafka.group.protocol": "consumer" },
    flow: { least: 1, perSecond: PER_SECOND },
    triggerMs,
    deleted,
  };
  const done = { compacted: 0, vacuumed: 0 };
  const figures = await ingest(chaos, setting, async ({ crew, watch }: Ingestion) => {
    crew.add();
    await watch.moved();
    await prepare?.(lake.tables.output);
    for (let round = 0; round < rounds; round += 1) {
      await other.does("add_column", `note_${round}`);
      done.compacted += await other.does("compact");
      // None of what may be appended meanwhile: it would be the deletion that has to give way.
      const bound = Math.min(...watch.committed);
      const stride = `seq % ${STRIDE} = ${round}`;
      const rows = await other.does("delete", `${stride} AND _kafka_offset < ${bound}`);
      deleted.push(...rows);
      done.vacuumed += await other.does("vacuum");
      chaos.say(
        `${rows.length} rows deleted; ${JSON.stringify(done)}; overtaken ${other.overtaken} times`,
      );
      await watch.moved();
    }
  });
  for (const [what, count] of Object.entries({ ...done, deleted: deleted.length })) {
    if (count === 0) throw new Error(`nothing was ${what}`);
  }
  await expectReadable(lake.tables.output, rounds);
  return { ...figures, ...done, deleted: deleted.length, overtaken: other.overtaken };
}

/** Either reader finds the rows that the log tells of, and every column that was added. */
async function expectReadable(table: string, columns: number): Promise<void> {
  const { duckdb, datafusion, log } = await summarize(table);
  for (const reader of [duckdb, datafusion]) {
    const added = Object.keys(reader.columns).filter((name) => name.startsWith("note_"));
    if (reader.rows !== log.rows || added.length !== columns) {
      throw new Error(`${reader.rows} rows of ${log.rows}, ${added.length} columns of ${columns}`);
    }
  }
}
