import { expect, inject, onTestFinished, test } from "vitest";
import { randomFrom } from "../../support/random.ts";
import { Bucket } from "../../support/s3/client.ts";
import {
  conflict,
  expiredToken,
  type Fault,
  ignoredCondition,
  inTurn,
  internalError,
  logEntry,
  lostReply,
  ownWriteRefused,
  type Rule,
  reset,
  slowDown,
  when,
} from "../../support/s3/faults.ts";
import { FaultProxy } from "../../support/s3/proxy.ts";

const ENTRY = "events/_delta_log/00000000000000000007.json";

/** The same bucket twice: by itself, and through a proxy with these rules. */
async function stores(...rules: Rule[]) {
  const direct = await Bucket.create(inject("s3"));
  const proxy = await FaultProxy.start(inject("s3"));
  onTestFinished(() => proxy.stop());
  proxy.rules = rules;
  return { proxy, direct, bucket: new Bucket(proxy.access, direct.name) };
}

const puts = (fault: Fault) => when({ operation: "PutObject" }, fault);

test("what no rule names passes as it came, signature and condition included", async () => {
  const { proxy, direct, bucket } = await stores(when({ key: logEntry }, slowDown));
  const body = "x".repeat(3_000_000);
  expect((await bucket.putIfAbsent("p=a b/ü.parquet", body)).status).toBe(200);
  expect((await bucket.putIfAbsent("p=a b/ü.parquet", "again")).status).toBe(412);
  expect(await bucket.text("p=a b/ü.parquet")).toBe(body);
  expect((await bucket.request("HEAD", "/p=a b/ü.parquet")).headers.get("content-length")).toBe(
    String(body.length),
  );
  expect(await bucket.keys()).toEqual(await direct.keys());
  const stranger = new Bucket({ ...proxy.access, secretAccessKey: "another" }, direct.name);
  expect((await stranger.put("a", "")).status).toBe(403);
  expect(proxy.injected()).toBe(0);
});

test("a request is known by its operation, bucket and key", async () => {
  const { proxy, direct, bucket } = await stores();
  await bucket.put("p=a b/1.parquet", "");
  await bucket.keys();
  await bucket.openUploads();
  await bucket.request("POST", "/big?uploads");
  await bucket.request("DELETE", "/big?uploadId=none");
  expect(proxy.exchanges.map(({ operation, key }) => `${operation} ${key}`)).toEqual([
    "PutObject p=a b/1.parquet",
    "ListObjects ",
    "BucketRequest ",
    "CreateMultipartUpload big",
    "AbortMultipartUpload big",
  ]);
  expect(new Set(proxy.exchanges.map(({ bucket }) => bucket))).toEqual(new Set([direct.name]));
});

test("an answer of the proxy's own never reaches the store", async () => {
  const { proxy, direct, bucket } = await stores(when({ key: logEntry, nth: 2 }, conflict));
  expect((await bucket.putIfAbsent("events/_delta_log/00000000000000000006.json", "")).ok).toBe(
    true,
  );
  const refused = await bucket.putIfAbsent(ENTRY, "");
  expect(refused.status).toBe(409);
  expect(await refused.text()).toContain("ConditionalRequestConflict");
  expect(await direct.keys()).not.toContain(ENTRY);
  expect((await bucket.putIfAbsent(ENTRY, "")).ok).toBe(true);
  expect(proxy.injected("answer")).toBe(1);
});

test("a reset before the request leaves nothing behind", async () => {
  const { direct, bucket } = await stores(puts(reset));
  await expect(bucket.put("a", "x".repeat(1_000_000))).rejects.toThrow();
  expect(await direct.keys()).toEqual([]);
});

test("a lost reply leaves what was put", async () => {
  const { proxy, direct, bucket } = await stores(puts(lostReply));
  await expect(bucket.putIfAbsent(ENTRY, "mine")).rejects.toThrow();
  expect(await direct.text(ENTRY)).toBe("mine");
  expect(proxy.exchanges).toMatchObject([{ fault: "lost reply", status: 200 }]);
});

test("an own write can be told as another's", async () => {
  const { direct, bucket } = await stores(puts(ownWriteRefused));
  expect((await bucket.putIfAbsent(ENTRY, "mine")).status).toBe(412);
  expect(await direct.text(ENTRY)).toBe("mine");
});

test("a late put lands after its client gave up", async () => {
  const { proxy, direct, bucket } = await stores(puts({ kind: "late", ms: 200 }));
  await expect(bucket.putIfAbsent(ENTRY, "mine")).rejects.toThrow();
  expect(await direct.keys()).toEqual([]);
  await proxy.settled();
  expect(await direct.text(ENTRY)).toBe("mine");
});

test("a store that ignores conditions overwrites", async () => {
  const { proxy, direct, bucket } = await stores(puts(ignoredCondition));
  expect((await bucket.putIfAbsent(`p=1/${ENTRY}`, "first")).status).toBe(200);
  expect((await bucket.putIfAbsent(`p=1/${ENTRY}`, "second")).status).toBe(200);
  expect(await direct.text(`p=1/${ENTRY}`)).toBe("second");
  expect(proxy.injected("strip")).toBe(2);
});

test("a slow store is slow, and complete", async () => {
  const { bucket } = await stores(
    when({ operation: "PutObject" }, { kind: "delay", ms: 300 }),
    when({ operation: "GetObject" }, { kind: "trickle", bytesPerSecond: 100_000 }),
  );
  const body = "0123456789".repeat(5_000);
  let begun = performance.now();
  await bucket.put("a", body);
  expect(performance.now() - begun).toBeGreaterThan(250);
  begun = performance.now();
  expect(await bucket.text("a")).toBe(body);
  expect(performance.now() - begun).toBeGreaterThan(400);
});

test("one token can expire while another holds", async () => {
  const { proxy, direct } = await stores(when({ sessionToken: "old" }, expiredToken));
  const as = (sessionToken: string) => new Bucket({ ...proxy.access, sessionToken }, direct.name);
  expect(await (await as("old").put("a", "")).text()).toContain("ExpiredToken");
  expect((await as("new").put("a", "")).status).toBe(200);
});

test("a seed decides which requests are hit", async () => {
  const hits = async () => {
    const rule = inTurn([slowDown, internalError], 5, randomFrom(7));
    const { proxy, bucket } = await stores(rule);
    for (let at = 0; at < 40; at += 1) await bucket.put(String(at), "");
    return proxy.exchanges.map(({ fault }) => fault);
  };
  const first = await hits();
  expect(first.filter((fault) => fault === "answer").length).toBe(8);
  expect(await hits()).toEqual(first);
});

test("a rule ends after so many times", async () => {
  const { proxy, bucket } = await stores(when({ times: 2 }, slowDown));
  for (let at = 0; at < 5; at += 1) await bucket.put("a", "");
  expect(proxy.exchanges.map(({ status }) => status)).toEqual([
    ...[undefined, undefined, 200, 200, 200],
  ]);
});
