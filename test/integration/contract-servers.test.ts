import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedBroker } from "headgate/testing";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder, totals } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { expectRefusal, refusalOf } from "../support/refusal.ts";

/** A folder with a contract that knows where its data are, and a query that does not say it. */
async function files(contract: unknown) {
  const broker = EmbeddedBroker.start([{ name: "ping-events", partitions: 1 }]);
  onTestFinished(() => broker.close());
  await produce(broker.bootstrapServers, "ping-events", [
    { value: '{"id":1,"holder":{"name":"Ada"}}' },
    { value: '{"id":2}' },
  ]);
  const folder = await temporaryFolder();
  const server = (environment: string, host: string) => [
    { server: `kafka-${environment}`, environment, type: "kafka", format: "json", host },
    { server: `lake-${environment}`, environment, type: "local", format: "delta", path: "{model}" },
  ];
  const document = {
    ...{ apiVersion: "v3.1.0", kind: "DataContract", id: "pings", version: "1.0.0" },
    status: "active",
    servers: [...server("dev", "127.0.0.1:1"), ...server("prod", broker.bootstrapServers)],
    schema: [
      {
        ...{ name: "pings", physicalName: "ping-events", physicalType: "topic" },
        properties: [
          { name: "id", logicalType: "integer", required: true },
          {
            ...{ name: "holder", logicalType: "object", classification: "pii" },
            properties: [{ name: "name", logicalType: "string" }],
          },
        ],
      },
    ],
  };
  await writeFile(join(folder, "pings.odcs.yaml"), stringify(document));
  const query = {
    name: "pings",
    input: { format: "kafka", decode: "json", options: { startingOffsets: "earliest" } },
    contract,
    output: { format: "delta" },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  };
  const path = join(folder, "query.yaml");
  await writeFile(path, stringify(query));
  return { folder, path };
}

test("a query starts with a contract that says where records come from and rows go to", async () => {
  const { folder, path } = await files({ path: "pings.odcs.yaml", server: "prod" });
  expect(totals(await runToEnd(path))).toMatchObject({ records: 2, accepted: 2 });
  const table = join(folder, "pings");
  const rows = await queryTable(table, "SELECT id, holder.name AS name FROM t ORDER BY id");
  expect(rows).toEqual([
    { id: 1, name: "Ada" },
    { id: 2, name: null },
  ]);
  const log = await readFile(join(table, "_delta_log", `${"0".repeat(20)}.json`), "utf8");
  const actions = log
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const { schemaString } = actions.find((action) => "metaData" in action).metaData;
  const [id, holder] = JSON.parse(schemaString).fields;
  expect(id.metadata).not.toHaveProperty(["headgate.classification"]);
  for (const field of [holder, holder.type.fields[0]]) {
    expect(field.metadata).toMatchObject({ "headgate.classification": "pii" });
  }
});

test("servers of several environments are refused until one is named", async () => {
  const { path } = await files("pings.odcs.yaml");
  expectRefusal(await refusalOf(path), {
    ...{ code: "CONFIG_MISSING", field: "contract.server" },
    ...{ expected: /one of kafka-dev \(dev\), kafka-prod \(prod\)/, actual: /nothing/ },
    hasMore: true,
  });
});
