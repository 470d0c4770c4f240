import { expect, inject, test } from "vitest";
import { DAMAGE_WEIGHTS } from "../../ts/demo/damage.ts";
import { runToEnd, temporaryFolder } from "../support/query.ts";
import { detect } from "../support/rides/detection.ts";
import { produceRides, rideQuery } from "../support/rides/rides.ts";

const bootstrapServers = inject("bootstrapServers");
/** `npm run bench:detection` does it with a million. */
const COUNT = 50_000;

test("every kind of damage is found in every record that has it, by the rule that it breaks", async () => {
  const folder = await temporaryFolder();
  const rides = await produceRides({ bootstrapServers, folder, count: COUNT, seed: 1 });
  await Promise.all(rides.map((ride) => runToEnd(rideQuery(ride, bootstrapServers))));
  const { kinds, clean, wrong } = await detect(rides);
  expect(wrong).toEqual([]);
  expect(Object.keys(kinds).sort()).toEqual(Object.keys(DAMAGE_WEIGHTS).sort());
  const damaged = Object.values(kinds).reduce((sum, { records }) => sum + records, 0);
  expect(clean + damaged).toBe(COUNT);
  for (const { records, detected } of Object.values(kinds)) expect(detected).toBe(records);
});
