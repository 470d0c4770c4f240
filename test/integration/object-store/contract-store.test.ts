import { type ContractDocument, contractStore, selectContract, validateConfig } from "headgate";
import { expect, inject, onTestFinished, test } from "vitest";
import { Bucket } from "../../support/s3/client.ts";
import { lostReply, when } from "../../support/s3/faults.ts";
import { storeOptions } from "../../support/s3/lake.ts";
import { FaultProxy } from "../../support/s3/proxy.ts";

const contract = (version: string, status = "active"): ContractDocument => ({
  ...{ apiVersion: "v3.1.0", kind: "DataContract", id: "rides/pings", version, status },
  schema: [{ name: "pings", properties: [{ name: "speed", logicalType: "number" }] }],
});

const caught = (work: Promise<unknown>) => work.catch((error: unknown) => error);

async function bucketStore() {
  const access = inject("s3");
  const bucket = await Bucket.create(access);
  const s3 = `s3://${bucket.name}/contracts`;
  return { bucket, s3, options: storeOptions(access), access };
}

test("contracts on S3 are put once, whoever is first, and selected by version", async () => {
  const { bucket, s3, options } = await bucketStore();
  const store = contractStore({ s3, options });
  expect(await caught(selectContract(store, "rides/pings"))).toMatchObject({
    code: "CONTRACT_NOT_FOUND",
  });
  await store.publish(contract("1.0.0"));
  await store.publish(contract("1.0.0"));
  const puts = await Promise.allSettled(
    ["a", "b", "c", "d"].map((status) =>
      contractStore({ s3, options }).publish(contract("1.10.0", status)),
    ),
  );
  const refused = puts.filter((put) => put.status === "rejected").map(({ reason }) => reason.code);
  expect(refused).toEqual(["CONTRACT_CONFLICT", "CONTRACT_CONFLICT", "CONTRACT_CONFLICT"]);
  await store.publish(contract("1.9.0"));
  expect(await selectContract(store, "rides/pings")).toMatchObject({ version: "1.10.0" });
  expect((await bucket.keys()).sort()).toEqual(
    ["1.0.0", "1.10.0", "1.9.0"].map((version) => `contracts/rides%2Fpings/${version}.json`),
  );
});

test("a configuration takes its contract from S3", async () => {
  const { s3, options } = await bucketStore();
  await contractStore({ s3, options }).publish(contract("1.0.0"));
  const report = await validateConfig({
    name: "pings",
    input: { format: "rate", decode: "json" },
    contract: { id: "rides/pings", version: ">=1" },
    contractStore: { s3, options },
    output: { format: "delta", path: "lake/pings" },
  });
  expect(report.issues.filter(({ field }) => field?.startsWith("contract"))).toEqual([]);
});

test("a store that is refused, or whose options are wrong, says so without its keys", async () => {
  const { s3, options, access } = await bucketStore();
  const secret = access.secretAccessKey;
  const stranger = { ...options, AWS_ACCESS_KEY_ID: "nobody" };
  const denied = (await caught(contractStore({ s3, options: stranger }).versions("a"))) as Error;
  expect(denied).toMatchObject({ code: "CONTRACT_STORE_REFUSED", retryable: false });
  const misspelt = { ...options, AWS_REGOIN: "eu" };
  const wrong = (await caught(contractStore({ s3, options: misspelt }).versions("a"))) as Error;
  expect(wrong).toMatchObject({ code: "CONFIG_INVALID" });
  expect(JSON.stringify([denied, wrong])).not.toContain(secret);
});

/** Statuses and codes as the API reference of S3 has them; the test server has some of its own. */
test.each([
  [401, "Unauthorized", "REFUSED"],
  [403, "AccessDenied", "REFUSED"],
  [403, "InvalidAccessKeyId", "REFUSED"],
  [403, "SignatureDoesNotMatch", "REFUSED"],
  [403, "RequestTimeTooSkewed", "REFUSED"],
  [404, "NoSuchBucket", "REFUSED"],
  [400, "ExpiredToken", "REFUSED"],
  [400, "RequestTimeout", "UNAVAILABLE"],
] as const)("%i %s is told as %s", async (status, code, expected) => {
  const { s3, access } = await bucketStore();
  const proxy = await FaultProxy.start(access);
  onTestFinished(() => proxy.stop());
  const store = contractStore({ s3, options: storeOptions(proxy.access) });
  proxy.rules = [when({}, { kind: "answer", status, code })];
  const told = { code: `CONTRACT_STORE_${expected}`, retryable: expected === "UNAVAILABLE" };
  expect(await caught(store.versions("a"))).toMatchObject(told);
  expect(await caught(selectContract(store, "a", "1.0.0"))).toMatchObject(told);
  expect(await caught(store.publish(contract("1.0.0")))).toMatchObject(told);
});

test("an answer that was lost on its way does not make a version's own content a conflict", async () => {
  const { bucket, s3, access } = await bucketStore();
  const proxy = await FaultProxy.start(access);
  onTestFinished(() => proxy.stop());
  const store = contractStore({ s3, options: storeOptions(proxy.access) });
  proxy.rules = [when({ operation: "PutObject", nth: 1 }, lostReply)];
  await store.publish(contract("1.0.0"));
  expect(await bucket.keys()).toHaveLength(1);
});
