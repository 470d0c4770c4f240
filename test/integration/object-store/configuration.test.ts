import { type StreamingNodeConfig, validateConfig } from "headgate";
import { describe, expect, test } from "vitest";
import { splitEvents, temporaryLake } from "../../support/query.ts";

type Options = Record<string, string>;

/** The issues of an output at `path`; its side tables are local. Nothing is connected to. */
async function issuesOf(path: string, options: Options = {}) {
  const config = splitEvents("127.0.0.1:1", "events", await temporaryLake());
  const output = { format: "delta", path, options };
  const report = await validateConfig({ ...config, output } as StreamingNodeConfig);
  expect(JSON.stringify(report)).not.toContain(SECRET);
  return report.issues;
}

const SECRET = "c2VjcmV0LW9mLXRlc3Rz";
const S3: Options = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: SECRET };
const AZURE: Options = { AZURE_STORAGE_ACCOUNT_NAME: "lake", AZURE_STORAGE_ACCOUNT_KEY: SECRET };

const accepted: [string, Options][] = [
  ["s3://bucket/lake/events", { ...S3, AWS_REGION: "eu-central-1", AWS_SESSION_TOKEN: SECRET }],
  [
    "s3://bucket/events",
    { ...S3, AWS_ENDPOINT_URL: "https://store.example", AWS_VIRTUAL_HOSTED_STYLE_REQUEST: "false" },
  ],
  ["s3://bucket/events", { ...S3, partitionBy: "country", compression: "zstd" }],
  ["az://container/lake/events", AZURE],
  ["abfss://container@lake.dfs.core.windows.net/events", { AZURE_STORAGE_ACCOUNT_KEY: SECRET }],
  [
    "abfss://container@lake.dfs.core.windows.net/events",
    {
      AZURE_STORAGE_CLIENT_ID: "id",
      AZURE_STORAGE_CLIENT_SECRET: SECRET,
      AZURE_STORAGE_TENANT_ID: "tenant",
    },
  ],
  [
    "az://container/events",
    { AZURE_STORAGE_ACCOUNT_NAME: "lake", AZURE_STORAGE_SAS_TOKEN: SECRET },
  ],
  ["gs://bucket/lake/events", { GOOGLE_SERVICE_ACCOUNT: "/run/account.json" }],
];

const unknown: [string, Options, string, RegExp][] = [
  ["s3://bucket/events", { AWS_ACCES_KEY_ID: SECRET }, "AWS_ACCES_KEY_ID", /AWS_ACCESS_KEY_ID/],
  ["az://container/events", { AZURE_ACOUNT: SECRET }, "AZURE_ACOUNT", /AZURE_STORAGE_ACCOUNT_NAME/],
  [
    "abfss://container@lake.dfs.core.windows.net/events",
    { AZURE_STORAGE_SAS: SECRET },
    "AZURE_STORAGE_SAS",
    /AZURE_STORAGE_SAS_TOKEN/,
  ],
  ["gs://bucket/events", { GOOGLE_ACCOUNT: SECRET }, "GOOGLE_ACCOUNT", /GOOGLE_SERVICE_ACCOUNT/],
  [
    "s3://bucket/events",
    { AZURE_STORAGE_ACCOUNT_KEY: SECRET },
    "AZURE_STORAGE_ACCOUNT_KEY",
    /AWS_/,
  ],
  ["gs://bucket/events", { AWS_SECRET_ACCESS_KEY: SECRET }, "AWS_SECRET_ACCESS_KEY", /GOOGLE_/],
  ["/tmp/events", { AWS_SECRET_ACCESS_KEY: SECRET }, "AWS_SECRET_ACCESS_KEY", /partitionBy/],
];

describe("options of stores", () => {
  test.each(accepted)("%s is accepted, its options too", async (path, options) => {
    expect(await issuesOf(path, options)).toEqual([]);
  });

  test.each(unknown)(
    "of %s are refused when unknown: %o",
    async (path, options, name, expected) => {
      expect(await issuesOf(path, options)).toMatchObject([
        {
          code: "CONFIG_UNKNOWN",
          field: `output.options.${name}`,
          expected: expect.stringMatching(expected),
          actual: name,
        },
      ]);
    },
  );

  test("a value that is none of its option is refused at its option", async () => {
    expect(
      await issuesOf("s3://bucket/events", { ...S3, AWS_ALLOW_HTTP: "perhaps" }),
    ).toMatchObject([
      { code: "CONFIG_VALUE", field: "output.options.AWS_ALLOW_HTTP", actual: "perhaps" },
    ]);
  });

  test("options of a side table are refused at that table", async () => {
    const config = splitEvents("127.0.0.1:1", "events", await temporaryLake());
    const side = { format: "delta", path: "s3://bucket/x", options: { AWS_ACCES_KEY_ID: SECRET } };
    const { issues } = await validateConfig({ ...config, deadLetters: side });
    expect(issues).toMatchObject([{ field: "deadLetters.options.AWS_ACCES_KEY_ID" }]);
  });
});

describe("addresses of stores", () => {
  test.each([
    "s3:///lake/events",
    "s3://",
    "az:///lake/events",
    "gs:///lake/events",
    "abfss://lake/events",
  ])("%s lacks its bucket or container", async (path) => {
    expect(await issuesOf(path)).toMatchObject([
      { code: "CONFIG_VALUE", field: "output.path", expected: expect.stringContaining("://") },
    ]);
  });

  test("a scheme that nobody knows is refused, and the known ones are named", async () => {
    expect(await issuesOf("hdfs://namenode/events")).toMatchObject([
      {
        code: "FORMAT_NOT_SUPPORTED",
        field: "output.path",
        expected: expect.stringMatching(/s3:\/\/.*az:\/\/.*abfss:\/\/.*gs:\/\//),
        actual: expect.stringContaining("hdfs://"),
      },
    ]);
  });

  test("a password in an address is refused, and not repeated", async () => {
    expect(await issuesOf(`s3://id:${SECRET}@bucket/events`)).toMatchObject([
      { code: "CONFIG_VALUE", field: "output.path" },
    ]);
  });

  test.each([
    ["s3://bucket/lake/events", "s3://bucket/lake/events/"],
    ["s3://bucket/lake", "s3://bucket/lake/events_rejects"],
  ])("%s and %s are not apart", async (path, other) => {
    const config = splitEvents("127.0.0.1:1", "events", await temporaryLake());
    const { issues } = await validateConfig({
      ...config,
      output: { format: "delta", path, options: S3 },
      rejects: { format: "delta", path: other, options: S3 },
    });
    expect(issues).toMatchObject([{ code: "CONFIG_CONFLICT", field: "rejects.path" }]);
  });

  test("equal paths in different buckets are apart", async () => {
    const config = splitEvents("127.0.0.1:1", "events", await temporaryLake());
    const { issues } = await validateConfig({
      ...config,
      output: { format: "delta", path: "s3://one/events", options: S3 },
      rejects: { format: "delta", path: "s3://two/events", options: S3 },
    });
    expect(issues).toEqual([]);
  });
});
