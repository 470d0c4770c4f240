import { expect, inject } from "vitest";
import { command, type Ended, node } from "../cli.ts";
import { differences } from "../coordinates.ts";
import { destinationOf } from "../events.ts";
import type { Coordinate } from "../kafka/topics.ts";
import { type StoreLake, storeOptions } from "./lake.ts";

/** Each record is in its table once, and the ledgers say so too. */
export async function expectComplete(
  { output, rejects, deadLetters }: StoreLake,
  produced: readonly Coordinate[],
  expected: Parameters<typeof differences>[2] = destinationOf,
): Promise<void> {
  expect(await differences({ output, rejects, deadLetters }, produced, expected)).toEqual([]);
  expect(await verifyOnStore(output)).toMatchObject({ status: 0, stderr: "" });
}

/** Complete, and no upload is left open. */
export async function expectSound(...given: Parameters<typeof expectComplete>): Promise<void> {
  await expectComplete(...given);
  const [lake] = given;
  expect(await lake.bucket.openUploads()).toEqual([]);
}

/** `headgate verify`, told of the store by the environment. */
export function verifyOnStore(path: string): Promise<Ended> {
  return node([command(), "verify", path], storeOptions(inject("s3"))).ended;
}
