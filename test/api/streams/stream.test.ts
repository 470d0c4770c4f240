import { expect, test } from "vitest";
import { StreamingValidationError } from "../../../ts/errors.ts";
import { readStreamWithContract } from "../../../ts/streams/index.ts";
import { contractDocument } from "../../support/contract-document.ts";

const sent = contractDocument("trips_sent", {
  properties: [
    { name: "tripId", logicalType: "string", required: true },
    { name: "metres", logicalType: "integer" },
  ],
});
const input = { format: "rate" };
const trips = async () => (await readStreamWithContract({ input, contract: sent })).stream;

/** What a call that must throw throws. */
function thrown(call: () => unknown): StreamingValidationError {
  try {
    call();
  } catch (error) {
    if (StreamingValidationError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

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

test.each([
  ["a column that is not there", 'filter("speed > 3")', /speed/],
  ["another row", 'transform("SELECT count(*) AS n FROM input")', /aggregate|one SELECT/i],
] as const)("%s is refused at once, and the step is named", async (_, name, actual) => {
  const read = (await trips()).select("metres");
  const call = name.startsWith("filter")
    ? () => read.filter("speed > 3")
    : () => read.transform("SELECT count(*) AS n FROM input");
  const error = thrown(call);
  expect(error.message).toContain(`step 2, ${name}`);
  expect(error.code).toBe("TRANSFORM_INVALID");
  expect(error.context).toMatchObject({ operation: "plan", field: "transforms[1].sql" });
  expect(error.message).toMatch(actual);
});
