import { join } from "node:path";
import { expect, test } from "vitest";
import { StreamingValidationError } from "../../../ts/errors.ts";
import { type ContractStream, readStreamWithContract } from "../../../ts/streams/index.ts";
import { contractDocument } from "../../support/contract-document.ts";
import { root } from "../../support/root.ts";
import { failureOf, thrownBy } from "./support/events.ts";

const sent = contractDocument("trips_sent", {
  properties: [
    { name: "tripId", logicalType: "string", required: true },
    { name: "metres", logicalType: "integer" },
  ],
});
const input = { format: "rate" };
const eventsContract = join(root, "test", "support", "contracts", "events.odcs.yaml");
const trips = async () => (await readStreamWithContract({ input, contract: sent })).stream;

test("what is read has the columns of its contract, and no verdict yet", async () => {
  const { stream, validation } = await readStreamWithContract({ input, contract: sent });
  expect(stream.schema).toEqual({
    tripId: { odcsType: "string", nullable: false },
    metres: { odcsType: "integer", nullable: true },
  });
  expect(validation).toMatchObject({ ok: true, status: "unknown", datasetId: "trips_sent" });
  expect(validation.schema).toEqual(stream.schema);
  expect(validation.streamingBatches).toEqual([]);
});

test("steps compose, each into a new stream whose columns are known", async () => {
  const read = await trips();
  const made = read
    .transform("SELECT tripId, metres / 1000.0 AS km FROM input")
    .filter("km > 0")
    .withColumn("far", "km > 5")
    .withColumn("km", "CAST(km AS BIGINT)")
    .select("tripId AS trip", "km", "far");
  expect(Object.keys(read.schema)).toEqual(["tripId", "metres"]);
  expect(made.schema).toEqual({
    trip: { odcsType: "string", nullable: true },
    km: { odcsType: "integer", nullable: true },
    far: { odcsType: "boolean", nullable: true },
  });
});

test.each<[string, (stream: ContractStream) => ContractStream, RegExp]>([
  ['filter("speed > 3")', (stream) => stream.filter("speed > 3"), /speed/],
  [
    'transform("SELECT sum(metres)',
    (stream) => stream.transform("SELECT sum(metres) AS n FROM input"),
    /one SELECT/,
  ],
  ['select("metres AS m", "tripId")', (stream) => stream.select("metres AS m", "tripId"), /tripId/],
  ['withColumn("km", "km / 2")', (stream) => stream.withColumn("km", "km / 2"), /km/],
  [
    'filter("metres > 1 ORDER BY metres")',
    (stream) => stream.filter("metres > 1 ORDER BY metres"),
    /Expected/,
  ],
])("%s is refused at once, and the step is named", async (name, step, actual) => {
  const read = (await trips()).select("metres");
  const error = thrownBy(() => step(read));
  if (!StreamingValidationError.is(error, "TRANSFORM_INVALID")) throw error;
  expect(error.message).toContain(`step 2, ${name}`);
  expect(error.message).toMatch(actual);
  expect(error.context).toMatchObject({ operation: "plan", field: "transforms[1].sql" });
});

test("columns keep their names, whatever is in them", async () => {
  const made = (await trips()).withColumn('a"b', "1").withColumn("c", '"a""b" + 1');
  expect(Object.keys(made.schema)).toEqual(["tripId", "metres", 'a"b', "c"]);
});

test("a contract is read from a file, and one object of several is named", async () => {
  const file = eventsContract;
  const named = await readStreamWithContract({ input, contract: { path: file, schema: "events" } });
  const plain = await readStreamWithContract({ input, contract: file });
  expect(named.stream.schema).toEqual(plain.stream.schema);
  expect(plain.validation.datasetId).toBe("events");
  const unread = await failureOf(readStreamWithContract({ input, contract: "/nowhere.yaml" }));
  expect(StreamingValidationError.is(unread, "CONTRACT_UNREADABLE")).toBe(true);
});

test.each([
  [{ decode: "raw" }, "input.contract"],
  [{ format: "kinesis" }, "input.format"],
  [{ options: { rowPerSecond: 1 } }, "input.options.rowPerSecond"],
  [{ offsets: 1 }, "input.offsets"],
])("an input such as %j is refused by its field", async (change, field) => {
  const wrong = { ...input, ...change } as never;
  const error = await failureOf(readStreamWithContract({ input: wrong, contract: sent }));
  expect(error).toMatchObject({ name: "StreamingValidationError", context: { field } });
});
