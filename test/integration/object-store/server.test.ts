import { expect, inject, test } from "vitest";
import { Bucket } from "../../support/s3/client.ts";

const RACES = 25;
const RACERS = 8;

test("one of racing conditional puts wins, and its bytes are those that are read", async () => {
  const bucket = await Bucket.create(inject("s3"));
  for (let race = 0; race < RACES; race += 1) {
    const key = `${race}.json`;
    const statuses = await Promise.all(
      Array.from({ length: RACERS }, async (_, racer) => {
        const response = await bucket.putIfAbsent(key, `racer ${racer}`);
        await response.text();
        return response.status;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(await bucket.text(key)).toBe(`racer ${statuses.indexOf(200)}`);
  }
});

test("a wrong secret is refused", async () => {
  const { name } = await Bucket.create(inject("s3"));
  const stranger = new Bucket({ ...inject("s3"), secretAccessKey: "another" }, name);
  expect((await stranger.put("a", "")).status).toBe(403);
});

test("keys come sorted, over more than one page", async () => {
  const bucket = await Bucket.create(inject("s3"));
  const keys = Array.from({ length: 1_010 }, (_, at) => `folder/${String(at).padStart(4, "0")}`);
  for (let at = 0; at < keys.length; at += 101) {
    await Promise.all(keys.slice(at, at + 101).map((key) => bucket.put(key, "")));
  }
  await bucket.put("other", "");
  expect(await bucket.keys("folder/")).toEqual(keys);
});

test("an upload is open until it is aborted", async () => {
  const bucket = await Bucket.create(inject("s3"));
  const begun = await (await bucket.request("POST", "/part.parquet?uploads")).text();
  const [, id = ""] = /<UploadId>([^<]*)/.exec(begun) ?? [];
  expect(await bucket.openUploads()).toEqual(["part.parquet"]);
  await bucket.request("DELETE", `/part.parquet?uploadId=${encodeURIComponent(id)}`);
  expect(await bucket.openUploads()).toEqual([]);
});
