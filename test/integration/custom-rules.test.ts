import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  checkContract,
  type RuleContext,
  type RuleFunction,
  type RuleFunctions,
  type RuleValue,
  StreamingError,
  StreamingInterventionError,
  type StreamingNodeConfig,
  startQuery,
  testContract,
  validateConfig,
} from "headgate";
import { expect, inject, test } from "vitest";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, temporaryFolder } from "../support/query.ts";
import { countRows, queryTable } from "../support/readers/read-table.ts";

const bootstrapServers = inject("bootstrapServers");
const payments = [
  { id: 1, card: "4111111111111111", cents: 9007199254740993n, at: "2026-11-22T05:15:29.123456Z" },
  { id: 2, card: "4111111111111112", cents: 5n, at: "2026-11-22T05:15:30Z" },
  { id: 3, card: null, cents: 7n, at: "2026-11-22T05:15:31Z", price: { net: 4, gross: 5 } },
  { id: 4, card: "4012888888881881", cents: null, at: null, price: { net: 6, gross: 5 } },
];
const lines = payments.map((payment) =>
  JSON.stringify(payment, (_, value) => (typeof value === "bigint" ? Number(value) : value)),
);
// What a double cannot hold is written by hand.
lines[0] = lines[0]?.replace("9007199254740992", "9007199254740993") ?? "";

/** Of payments, with rules of the card and of the whole row. */
function contract(card: object[], row: object[] = []) {
  const price = ["net", "gross"].map((name) => ({ name, logicalType: "number" }));
  return {
    apiVersion: "v3.1.0",
    kind: "DataContract",
    id: "payments",
    version: "1.0.0",
    status: "active",
    schema: [
      {
        name: "payments",
        properties: [
          { name: "id", logicalType: "integer", required: true },
          { name: "card", logicalType: "string", quality: card },
          { name: "cents", logicalType: "integer" },
          { name: "at", logicalType: "timestamp" },
          { name: "price", logicalType: "object", properties: price },
        ],
        quality: row,
      },
    ],
  };
}

const custom = { type: "custom", engine: "headgate" };
const luhn = { ...custom, id: "luhn", implementation: "luhn" };

const isCard = (card: string) => {
  const digits = [...card].reverse().map(Number);
  const doubled = digits.map((digit, at) => (at % 2 === 1 ? digit * 2 : digit));
  return doubled.reduce((sum, digit) => sum + (digit > 9 ? digit - 9 : digit), 0) % 10 === 0;
};

const rules: RuleFunctions = {
  luhn: (cards: readonly (string | null)[]) => cards.map((card) => card !== null && !isCard(card)),
};

async function query(
  document: ReturnType<typeof contract>,
  change: Partial<StreamingNodeConfig> = {},
): Promise<StreamingNodeConfig> {
  const topic = await createTopic(bootstrapServers, 1);
  await produce(
    bootstrapServers,
    topic,
    lines.map((value) => ({ value })),
  );
  const folder = await temporaryFolder();
  const options = {
    "kafka.bootstrap.servers": bootstrapServers,
    subscribe: topic,
    startingOffsets: "earliest",
  };
  return {
    name: "payments",
    input: { format: "kafka", options, decode: "json" },
    contract: document,
    onViolation: "split",
    output: { format: "delta", path: join(folder, "payments") },
    rejects: { format: "delta", path: join(folder, "rejects") },
    streaming: { trigger: { type: "available_now" } },
    durability: "process",
    ...change,
  };
}

function ids(table: unknown): Promise<{ id: bigint | number }[]> {
  const { path = "" } = table as { path?: string };
  return queryTable(path, "SELECT id FROM t ORDER BY id");
}

test("rows that a function finds are rejected, in a stream as in data at rest", async () => {
  const config = await query(contract([luhn]));
  const [batch] = await runToEnd(config, { rules });
  expect(batch).toMatchObject({
    ...{ status: "warn", rowCount: 4, counts: { accepted: 3, rejected: 1 } },
    ...{ metrics: { "violations.luhn": 1 }, errors: ["luhn (card): 1 violation"] },
  });
  expect((await ids(config.output)).map(({ id }) => Number(id))).toEqual([1, 3, 4]);
  expect((await ids(config.rejects)).map(({ id }) => Number(id))).toEqual([2]);

  const file = join(await temporaryFolder(), "payments.jsonl");
  await writeFile(file, lines.join("\n"));
  const report = await testContract(contract([luhn]), file, { rules });
  expect(report).toMatchObject({ ok: false, violatingRows: 1 });
  expect(report.rules).toContainEqual(
    expect.objectContaining({ rule: "luhn", violations: 1, rows: [2], routesRows: true }),
  );
});

test("a function gets its columns as they are, and its arguments", async () => {
  const seen: Record<string, unknown[]> = {};
  const contexts: object[] = [];
  const see = (columns: { [path: string]: readonly RuleValue[] }, context: RuleContext) => {
    for (const [path, values] of Object.entries(columns)) {
      seen[path] = [...(seen[path] ?? []), ...values];
    }
    contexts.push({ rule: context.rule, arguments: context.arguments });
    return (columns.id ?? []).map((id) => id === 1n);
  };
  const properties = ["id", "cents", "at", "price", "price.net"];
  const implementation = {
    ...{ function: "see", arguments: { properties, most: 3 } },
    ...{ mustBeLessThan: 60, unit: "percent" },
  };
  const document = contract([], [{ ...custom, id: "seen", implementation }]);
  const [batch] = await runToEnd(await query(document), { rules: { see } });
  expect(seen).toEqual({
    id: [1n, 2n, 3n, 4n],
    cents: [9007199254740993n, 5n, 7n, null],
    at: [
      "2026-11-22T05:15:29.123456Z",
      "2026-11-22T05:15:30.000000Z",
      "2026-11-22T05:15:31.000000Z",
      null,
    ],
    price: [null, null, { net: 4, gross: 5 }, { net: 6, gross: 5 }],
    "price.net": [null, null, 4, 6],
  });
  expect(contexts[0]).toEqual({ rule: "seen", arguments: { properties, most: 3 } });
  expect(batch).toMatchObject({ status: "ok", metrics: { seen: 25 }, counts: { accepted: 4 } });
});

const failing: [string, RuleFunction, string][] = [
  ["throws", () => raise(), "it threw RangeError"],
  ["answers a row too many", () => [4], "it answered a row that there is not"],
  ["does not answer", () => new Promise(() => {}), "it did not answer within 0.2 s"],
];

function raise(): never {
  throw new RangeError("4111111111111112 is no card");
}

test.each(failing)("a function that %s lets no row through", async (_, judge, reason) => {
  const hooks = { rules: { luhn: judge }, ruleTimeoutMs: 200, logger: silent };
  for (const onViolation of ["block", "split"] as const) {
    const config = await query(contract([luhn]), { onViolation });
    if (onViolation === "block") delete config.rejects;
    const error = await runToEnd(config, hooks).catch((error: unknown) => error);
    if (!StreamingInterventionError.is(error, "CONTRACT_VIOLATED")) throw error;
    const found = error.verdict.rules.find(({ rule }) => rule === "luhn");
    expect(found).toMatchObject({ violations: 1, unmeasured: reason });
    expect(error.context.actual).toContain(reason);
    const { path = "" } = config.output;
    expect(await countRows(path)).toBe(0);
    // Mended, it is asked about the same records again.
    const [batch] = await runToEnd(config, { rules: { luhn: () => [] } });
    expect(batch?.counts.accepted).toBe(4);
  }
});

test("where all rows are written, a function that fails is a warning", async () => {
  const config = await query(contract([luhn]), { onViolation: "allow" });
  const [batch] = await runToEnd(config, { rules: { luhn: raise }, logger: silent });
  expect(batch).toMatchObject({ status: "warn", counts: { accepted: 4, copied: 0 } });
  expect(batch?.errors).toEqual(["luhn (card): not measured: it threw RangeError"]);
});

const silent = { level: "silent", debug() {}, info() {}, warn() {}, error() {} };

test("a shadow contract asks the same functions, without effect", async () => {
  const config = await query(contract([]), { shadowContract: contract([luhn]) });
  const [batch] = await runToEnd(config, { rules });
  expect(batch).toMatchObject({ status: "ok", counts: { accepted: 4 } });
  expect(batch?.shadow).toMatchObject({
    verdict: { violatingRows: 1 },
    differences: { luhn: 1 },
  });
});

test("a rule whose function is not registered is listed, and refused where all have to be", async () => {
  const config = await query(contract([luhn]));
  const reason = "no function 'luhn' is registered";
  const { rules: listed } = await checkContract(contract([luhn]));
  expect(listed).toContainEqual(
    expect.objectContaining({ rule: "luhn", status: "not_enforceable", reason }),
  );
  const known = await checkContract(contract([luhn]), { rules });
  expect(known.rules).toContainEqual(
    expect.objectContaining({ rule: "luhn", status: "enforced", column: "card" }),
  );
  const strict = { ...config, requireFullCoverage: true };
  expect(await validateConfig(strict, { rules })).toMatchObject({ ok: true });
  const error = await startQuery(strict).catch((error: unknown) => error);
  if (!StreamingError.is(error, "CONFIG_INVALID")) throw error;
  expect(error.context.actual).toContain(reason);
  const [batch] = await runToEnd(config);
  expect(batch?.counts.accepted).toBe(4);
});

test("a function that no rule names is refused with what was meant", async () => {
  const misspelled = { rules: { lunh: () => [] } };
  const file = join(await temporaryFolder(), "payments.jsonl");
  await writeFile(file, lines.join("\n"));
  const document = await query(contract([luhn]));
  for (const refused of [
    () => startQuery(document, misspelled),
    () => testContract(contract([luhn]), file, misspelled),
  ]) {
    await expect(refused()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: 'rules: expected one of luhn, got "lunh" (did you mean "luhn"?)',
    });
  }
});
