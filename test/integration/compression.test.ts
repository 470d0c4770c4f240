import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { type Codec, codecs, codecsOf, produceCompressed } from "../support/kafka/codecs.ts";
import { createTopic } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");
const kafkaData = inject("kafkaData");
const COUNT = 2_000;

test("records compressed by Kafka's producer with gzip, snappy, lz4, zstd or not at all are read alike", async () => {
  const topics = {} as Record<Codec, string>;
  for (const codec of codecs) topics[codec] = await createTopic(bootstrapServers, 1);
  const values = records(COUNT, { partitions: 1 }).map(({ value }) => value ?? "");
  await produceCompressed(bootstrapServers, topics, values);
  for (const codec of codecs) {
    expect(await codecsOf(kafkaData, topics[codec])).toEqual(new Set([codec]));
  }

  const lake = await temporaryLake();
  await runToEnd(
    splitEvents(bootstrapServers, codecs.map((codec) => topics[codec]).join(","), lake),
  );
  const produced = codecs.flatMap((codec) =>
    values.map((_, offset) => ({ topic: topics[codec], partition: 0, offset })),
  );
  expect(await differences(lake, produced, (index) => destinationOf(index % COUNT))).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});
