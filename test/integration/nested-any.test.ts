import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { runFile } from "../support/config-file.ts";
import { contractDocument } from "../support/contract-document.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { temporaryFolder } from "../support/query.ts";
import { queryTable } from "../support/readers/read-table.ts";
import { varint } from "../support/registry/framing.ts";

const bootstrapServers = inject("bootstrapServers");

/** Twice what ended the process. */
const LEVELS = 20_000;

const proto = `syntax = "proto3";
import "google/protobuf/any.proto";
message Trip { string id = 1; google.protobuf.Any note = 2; }
`;

const tagged = (tag: number, value: Buffer) =>
  Buffer.concat([Buffer.from([tag]), varint(BigInt(value.length)), value]);

/** `levels` messages of any type, each the value of the one around it; half a megabyte in all. */
function nested(levels: number): Buffer {
  const url = tagged(0x0a, Buffer.from("/google.protobuf.Any"));
  const around: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < levels; level += 1) {
    const head =
      length === 0 ? url : Buffer.concat([url, Buffer.from([0x12]), varint(BigInt(length))]);
    around.unshift(head);
    length += head.length;
  }
  return Buffer.concat(around);
}

const text = { logicalType: "string" };

test.each([
  ["a column", {}, [{ name: "note", logicalType: "object" }]],
  ["no column", { unknownFields: "extra" }, []],
] as const)(
  "messages of any type within each other end no process, with %s for them",
  async (_, more, properties) => {
    const folder = await temporaryFolder();
    const schema = join(folder, "trip.proto");
    await writeFile(schema, proto);
    const contract = join(folder, "trips.odcs.yaml");
    const document = contractDocument("trips", {
      properties: [{ name: "id", ...text }, ...properties],
    });
    await writeFile(contract, JSON.stringify(document));
    const topic = await createTopic(bootstrapServers, 1);
    const trip = (id: string, levels: number) => ({
      value: Buffer.concat([tagged(0x0a, Buffer.from(id)), tagged(0x12, nested(levels))]),
    });
    await produce(bootstrapServers, topic, [trip("a", 2), trip("b", LEVELS), trip("c", 2)]);
    const [output, deadLetters] = [join(folder, "trips"), join(folder, "dead_letters")];
    const run = await runFile({
      name: "trips",
      input: {
        format: "kafka",
        options: {
          "kafka.bootstrap.servers": bootstrapServers,
          subscribe: topic,
          startingOffsets: "earliest",
        },
        decode: "protobuf",
        schema,
        ...more,
      },
      contract,
      output: { format: "delta", path: output },
      deadLetters: { format: "delta", path: deadLetters },
      streaming: { trigger: { type: "available_now" } },
      durability: "process",
    });
    const all = expect.stringContaining('"records":3');
    expect(await run.ended).toMatchObject({ status: 0, signal: null, stdout: all });
    // Whatever becomes of the record between them.
    const neighbours = await queryTable(output, "SELECT id FROM t WHERE id <> 'b' ORDER BY id");
    expect(neighbours).toEqual([{ id: "a" }, { id: "c" }]);
  },
);
