import { startQuery } from "headgate";
import { describe, expect, inject, test } from "vitest";
import { records } from "../../support/events.ts";
import { produce } from "../../support/kafka/topics.ts";
import { continuous, runToEnd } from "../../support/query.ts";
import { Bucket } from "../../support/s3/client.ts";
import { accessDenied, describes, expiredToken, type Rule, when } from "../../support/s3/faults.ts";
import { eventsForStore, type StoreLake, splitOnStore } from "../../support/s3/lake.ts";
import { expectStoreFailure, failureOf } from "../../support/s3/outcome.ts";
import { expectSound } from "../../support/s3/sound.ts";

const bootstrapServers = inject("bootstrapServers");
/** What a permanent fault may cost: it is not tried again, but requests are on their way beside it. */
const FEW_REQUESTS = 20;

const withToken = (topic: string, lake: StoreLake, AWS_SESSION_TOKEN: string) =>
  splitOnStore(bootstrapServers, topic, lake, { ...lake.options, AWS_SESSION_TOKEN });

describe("credentials", () => {
  test("that expire while a query runs end it clearly, and new ones go on", async () => {
    const { topic, produced, lake } = await eventsForStore(2_000);
    const expired = when({ sessionToken: "token-of-yesterday" }, expiredToken);
    // The second batch finds them expired.
    let isExpired = false;
    const rule: Rule = (exchange) => {
      isExpired ||= describes(
        { operation: "PutObject", key: /\/events\/_delta_log\/0{19}2\.json$/ },
        exchange,
      );
      return isExpired ? expired(exchange) : undefined;
    };
    lake.proxy.rules = [rule];
    const old = continuous(withToken(topic, lake, "token-of-yesterday"));
    const error = await failureOf({ ...old, batch: { maxRows: 500 } });
    expectStoreFailure(error, { key: /lake\/events\S*\d+\.json/, answer: /ExpiredToken|403/ });
    expect(error.retryable).toBe(false);
    expect(lake.proxy.injected("answer")).toBeLessThan(FEW_REQUESTS);

    const more = records(1_000, { from: produced.length });
    produced.push(...(await produce(bootstrapServers, topic, more)));
    await runToEnd(withToken(topic, lake, "token-of-today"));
    await expectSound(lake, produced);
  });

  test("with a wrong secret are refused at the start, and the secret is told nowhere", async () => {
    const { topic, lake } = await eventsForStore(10);
    const options = { ...lake.options, AWS_SECRET_ACCESS_KEY: "hunter2-wrong" };
    const error = await failureOf(splitOnStore(bootstrapServers, topic, lake, options));
    expectStoreFailure(error, { key: new RegExp(lake.bucket.name), answer: /403|Signature/ });
    expect(error.retryable).toBe(false);
    expect(await lake.bucket.keys()).toEqual([]);
  });

  test("without the right to write are refused at the start", async () => {
    const { lake, config } = await eventsForStore(10);
    lake.proxy.rules = [when({ operation: "PutObject" }, accessDenied)];
    const error = await failureOf(config);
    expectStoreFailure(error, { key: /lake\/events/, answer: /AccessDenied|403/ });
    expect(error.retryable).toBe(false);
    expect(lake.proxy.exchanges.length).toBeLessThan(FEW_REQUESTS);
  });

  test("without the right to write one data file fail the query with its key", async () => {
    const { produced, lake, config } = await eventsForStore(2_000);
    const key = /\/events_rejects\/.*\.parquet$/;
    lake.proxy.rules = [when({ operation: "PutObject", key }, accessDenied)];
    const error = await failureOf(config);
    expectStoreFailure(error, { key: /events_rejects\/\S*\.parquet/, answer: /AccessDenied|403/ });
    expect(lake.proxy.injected("answer")).toBe(1);
    lake.proxy.rules = [];
    await runToEnd(config);
    await expectSound(lake, produced);
  });
});

describe("a bucket", () => {
  test("that does not exist is told by its name, at once", async () => {
    const { lake, config } = await eventsForStore(10);
    const output = { ...config.output, path: "s3://no-such-bucket/lake/events" };
    const error = await failureOf({ ...config, output });
    expectStoreFailure(error, { key: /no-such-bucket/, answer: /NoSuchBucket|404/ });
    expect(error.retryable).toBe(false);
    expect(lake.proxy.exchanges.length).toBeLessThan(FEW_REQUESTS);
  });

  test("that goes away under a running query ends it", async () => {
    const { topic, lake, config } = await eventsForStore(1_000);
    let batches = 0;
    const query = await startQuery(continuous(config), {
      onStreamingBatch: () => {
        batches += 1;
        lake.proxy.rules = [when({}, { kind: "answer", status: 404, code: "NoSuchBucket" })];
      },
    });
    const ended = expect(query.awaitTermination()).rejects.toMatchObject({ retryable: false });
    for (let at = 1; query.status === "ACTIVE" && at < 100; at += 1) {
      await produce(bootstrapServers, topic, records(10, { from: at * 1_000 }));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await ended;
    expect(batches).toBeGreaterThan(0);
    expect(await new Bucket(inject("s3"), lake.bucket.name).keys()).not.toEqual([]);
  });
});
