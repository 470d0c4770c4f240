import { randomBytes } from "node:crypto";
import { startQuery } from "headgate";
import { describe, expect, inject, test } from "vitest";
import { event } from "../../support/events.ts";
import {
  type Coordinate,
  createTopic,
  type Outgoing,
  produce,
} from "../../support/kafka/topics.ts";
import { runToEnd, until } from "../../support/query.ts";
import {
  accessDenied,
  dataFile,
  lostReply,
  reset,
  slowDown,
  when,
} from "../../support/s3/faults.ts";
import { splitOnStore, storeLake } from "../../support/s3/lake.ts";
import { expectStoreFailure, failureOf } from "../../support/s3/outcome.ts";
import { expectComplete, expectSound } from "../../support/s3/sound.ts";

const bootstrapServers = inject("bootstrapServers");
const PARTITIONS = 4;
/** Of what no codec makes smaller: well over three parts of 8 MiB in all. */
const RECORDS = 9_600;
const INCOMPRESSIBLE_BYTES = 3_000;
/** A broker takes 1 MB at once for each partition. */
const PRODUCED_AT_ONCE = 800;

const OF_UPLOADS = ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] as const;

interface Topic {
  topic: string;
  produced: Coordinate[];
}

async function largeTopic(): Promise<Topic> {
  const topic = await createTopic(bootstrapServers, PARTITIONS);
  const produced: Coordinate[] = [];
  while (produced.length < RECORDS) {
    const more = Array.from({ length: PRODUCED_AT_ONCE }, (_, at) => large(produced.length + at));
    produced.push(...(await produce(bootstrapServers, topic, more)));
  }
  return { topic, produced };
}

let shared: Promise<Topic> | undefined;

/** One batch whose file is too large for a single put. */
async function largeBatch() {
  shared ??= largeTopic();
  const { topic, produced } = await shared;
  const lake = await storeLake();
  return { produced, lake, config: splitOnStore(bootstrapServers, topic, lake) };
}

function large(index: number): Outgoing {
  const session = randomBytes(INCOMPRESSIBLE_BYTES).toString("base64");
  return { value: JSON.stringify({ ...event(index), session }), partition: index % PARTITIONS };
}

const toOutput = () => "output" as const;

describe("files in parts", () => {
  test("are whole, and leave no upload open", async () => {
    const { produced, lake, config } = await largeBatch();
    await runToEnd(config);
    const parts = lake.proxy.exchanges.filter(({ operation }) => operation === "UploadPart");
    expect(parts.length).toBeGreaterThanOrEqual(3);
    await expectSound(lake, produced, toOutput);
  });

  test.each(OF_UPLOADS)("survive trouble with %s", async (operation) => {
    const { produced, lake, config } = await largeBatch();
    lake.proxy.rules = [slowDown, reset, lostReply].map((fault) =>
      when({ operation, times: 1 }, fault),
    );
    await runToEnd(config);
    expect(lake.proxy.injected(undefined, { operation })).toBeGreaterThanOrEqual(3);
    await expectComplete(lake, produced, toOutput);
    // Nobody knows the name of an upload whose creation lost its reply.
    const unnamed = operation === "CreateMultipartUpload" ? 1 : 0;
    expect(await lake.bucket.openUploads()).toHaveLength(unnamed);
  });

  test.each(["UploadPart", "CompleteMultipartUpload"] as const)(
    "are aborted when %s fails for good",
    async (operation) => {
      const { produced, lake, config } = await largeBatch();
      lake.proxy.rules = [when({ operation }, accessDenied)];
      const error = await failureOf(config);
      expectStoreFailure(error, { key: /\S+\.parquet/, answer: /AccessDenied|403/ });
      await noUploads(lake.bucket);
      lake.proxy.rules = [];
      await runToEnd(config);
      await expectSound(lake, produced, toOutput);
    },
  );

  test("are gone when an intervention blocks their batch", async () => {
    const { lake, config } = await largeBatch();
    // Asked once the batch's files are stored.
    const intervention = () => ({ action: "block" as const, reason: "a test" });
    const query = await startQuery(config, { intervention });
    await expect(query.awaitTermination()).rejects.toMatchObject({ code: "INTERVENTION_BLOCKED" });
    expect(lake.proxy.exchanges.map(({ operation }) => operation)).toContain("UploadPart");
    await noUploads(lake.bucket);
    expect((await lake.bucket.keys()).filter((key) => dataFile.test(key))).toEqual([]);
  });

  test("are completed or aborted by a stop", async () => {
    const { produced, lake, config } = await largeBatch();
    lake.proxy.rules = [when({ operation: "UploadPart" }, { kind: "delay", ms: 300 })];
    const isUploading = () => lake.proxy.injected("delay") > 0;
    const query = await startQuery(config);
    await until("the first part", isUploading, 60_000);
    await query.stop();
    await noUploads(lake.bucket);
    lake.proxy.rules = [];
    await runToEnd(config);
    await expectSound(lake, produced, toOutput);
  });
});

/** Aborting is not waited for by whoever is told of the failure. */
async function noUploads(bucket: { openUploads(): Promise<string[]> }): Promise<void> {
  await until("uploads are aborted", async () => (await bucket.openUploads()).length === 0);
}
