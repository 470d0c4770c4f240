import { join } from "node:path";
import { StreamingError, type StreamingNodeConfig, startQuery } from "headgate";
import { EmbeddedBroker } from "headgate/testing";
import { expect, onTestFinished, test } from "vitest";
import { contractDocument } from "../support/contract-document.ts";
import { produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder } from "../support/query.ts";

const rows = [
  { id: 1, amount: 5, day: "01/02/2026" },
  { id: 2, amount: -3, day: "2026-02-01" },
  { id: 3, amount: 7, day: "28/02/2026" },
  { id: 4, amount: 900, day: "01/03/2026" },
];

/** Versions differ by their greatest amount. */
function contract(version: string, maximum: number, quality: object[] = []) {
  const properties = [
    { name: "id", logicalType: "integer", required: true },
    { name: "amount", logicalType: "integer", logicalTypeOptions: { maximum } },
    { name: "day", logicalType: "date", logicalTypeOptions: { format: "dd/MM/yyyy" } },
  ];
  const slaProperties = [{ property: "freshness", value: 1, unit: "d", element: "orders.day" }];
  return contractDocument("orders", { properties, quality }, { version, slaProperties });
}

const balance = {
  id: "no_debts",
  type: "sql",
  query: "SELECT COUNT(*) FROM {object} WHERE amount < 0",
  mustBe: 0,
  severity: "warning",
};

async function orders(): Promise<StreamingNodeConfig> {
  const broker = EmbeddedBroker.start([{ name: "orders", partitions: 1 }]);
  onTestFinished(() => broker.close());
  const values = rows.map((row) => ({ value: JSON.stringify(row) }));
  await produce(broker.bootstrapServers, "orders", values);
  const folder = await temporaryFolder();
  return {
    name: "orders",
    input: {
      format: "kafka",
      options: {
        "kafka.bootstrap.servers": broker.bootstrapServers,
        subscribe: "orders",
        startingOffsets: "earliest",
      },
      decode: "json",
    },
    contract: contract("1.0.0", 1_000, [balance]),
    onViolation: "split",
    output: { format: "delta", path: join(folder, "orders") },
    rejects: { format: "delta", path: join(folder, "rejects") },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
  };
}

test("SQL, service levels and formats of dates judge a stream", async () => {
  const [batch] = await runToEnd(await orders());
  expect(batch).toMatchObject({
    rowCount: 4,
    status: "warn",
    counts: { accepted: 3, rejected: 1 },
    metrics: { no_debts: 1, "violations.no_debts": 1, "violations.type_day": 1 },
  });
  // The newest day is in the past.
  expect(batch?.metrics.sla_freshness).toBeGreaterThan(1);
  expect(batch?.warnings).toContain("no_debts: measured 1");
  expect(batch?.shadow).toBeUndefined();
});

test("a shadow contract has a verdict, and no effect", async () => {
  const config = { ...(await orders()), shadowContract: contract("2.0.0", 100) };
  const [batch] = await runToEnd(config);
  expect(batch).toMatchObject({ counts: { accepted: 3, rejected: 1 } });
  expect(batch?.shadow).toMatchObject({
    verdict: { status: "warn", rowCount: 4, violatingRows: 2, contract: { version: "2.0.0" } },
    differences: { maximum_amount: 1, type_day: 0, no_debts: -1, violating_rows: 1 },
  });
});

test("a query that cannot be planned is refused before anything is read", async () => {
  const rule = { ...balance, query: "SELECT SUM(debt) FROM {object}" };
  const config = { ...(await orders()), contract: contract("1.0.0", 1_000, [rule]) };
  const error = await startQuery(config).catch((error: unknown) => error);
  if (!StreamingError.is(error, "CONTRACT_INVALID")) throw error;
  expect(error.context.field).toBe("schema[0].quality[0].query");
  expect(error.context.actual).toContain("debt");
});

test("full coverage is asked for rule by rule", async () => {
  const custom = { id: "soda", type: "custom", engine: "soda", implementation: "x" };
  const config = { ...(await orders()), contract: contract("1.0.0", 1_000, [custom]) };
  const error = await startQuery({ ...config, requireFullCoverage: true }).catch((e: unknown) => e);
  if (!StreamingError.is(error, "CONFIG_INVALID")) throw error;
  expect(error.context.actual).toContain("soda");
});
