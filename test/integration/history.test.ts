import { type InterventionContext, type StreamingBatch, violationRatio } from "headgate";
import { expect, inject, test } from "vitest";
import { event } from "../support/events.ts";
import { createTopic, type Outgoing, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");
const PER_BATCH = 50;
/** Bad rows of each batch. */
const BAD = [0, 20, 20, 0, 0, 20, 20, 20, 0, 0];

/** Batches `[from, to)`, with their bad rows first. */
function records(from: number, to: number): Outgoing[] {
  return BAD.slice(from, to).flatMap((bad, batch) =>
    Array.from({ length: PER_BATCH }, (_, row) => {
      const good = event((from + batch) * PER_BATCH + row);
      return { value: JSON.stringify(row < bad ? { ...good, amount: -1 } : good) };
    }),
  );
}

/** Reads batches up to each of `ends` by a run of its own, and answers what each batch was told. */
async function told(ends: readonly number[]) {
  const topic = await createTopic(bootstrapServers, 1);
  const options = { maxOffsetsPerTrigger: `${PER_BATCH}` };
  const config = splitEvents(bootstrapServers, topic, await temporaryLake(), options);
  const strategy = violationRatio({ max: 0.25, batches: 3, action: "warn" });
  const batches: StreamingBatch[] = [];
  const contexts: InterventionContext[] = [];
  for (const [run, end] of ends.entries()) {
    await produce(bootstrapServers, topic, records(ends[run - 1] ?? 0, end));
    const seen: InterventionContext[] = [];
    const more = await runToEnd(config, {
      intervention: (verdict, context) => {
        seen.push({ ...context });
        return strategy.decide(verdict, context);
      },
    });
    batches.push(...more);
    contexts.push(...seen.slice(0, 1));
  }
  return { batches, contexts };
}

test("a strategy decides the same with and without a restart in between, and sees what was before", async () => {
  const whole = await told([BAD.length]);
  const reasons = whole.batches.map(({ intervention }) => intervention);
  expect(reasons.map((reason) => reason !== undefined)).toEqual(
    BAD.map((_, at) => {
      const last = BAD.slice(Math.max(0, at - 2), at + 1);
      return last.reduce((sum, bad) => sum + bad, 0) / (last.length * PER_BATCH) > 0.25;
    }),
  );

  const parts = await told([2, 3, 6, 7, BAD.length]);
  expect(parts.batches.map(({ intervention }) => intervention)).toEqual(reasons);
  const ids = parts.contexts.map(({ history }) => history.map(({ batchUuid }) => batchUuid));
  const uuids = parts.batches.map(({ batchUuid }) => batchUuid);
  expect(ids).toEqual([0, 2, 3, 6, 7].map((count) => uuids.slice(0, count)));
  const facts = (batch: StreamingBatch) => {
    const { batchId, datasetVersion, rowCount, violatingRows, status, counts, positions } = batch;
    return { batchId, datasetVersion, rowCount, violatingRows, status, counts, positions };
  };
  const { history = [] } = parts.contexts.at(-1) ?? {};
  expect(history.map(facts)).toEqual(parts.batches.slice(0, 7).map(facts));
  expect(history.map(({ violatingRows }) => violatingRows)).toEqual(BAD.slice(0, 7));
});
