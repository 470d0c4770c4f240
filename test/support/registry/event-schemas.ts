import { event } from "../events.ts";
import { float64, framed, varint, zigzag } from "./framing.ts";
import type { SchemaRegistry } from "./server.ts";

/** The `index`-th event of `events.ts` as each format writes it. */
export type Encode = (index: number) => Buffer;

const TYPES = ["click", "view", "purchase", "signup"];

interface Event {
  event_id: string;
  user_id: number;
  event_time: string;
  event_type: string;
  amount: number;
  country: string;
  page: string;
  session: string;
  seq: number;
}

const at = (index: number) => event(index) as unknown as Event;

const avroType = {
  type: "enum",
  name: "EventType",
  namespace: "shop",
  symbols: TYPES,
};

const avroFields = [
  { name: "event_id", type: "string" },
  { name: "user_id", type: "long" },
  { name: "event_time", type: { type: "long", logicalType: "timestamp-millis" } },
  { name: "event_type", type: "shop.EventType" },
  { name: "amount", type: ["null", "double"] },
  { name: "country", type: "string" },
  { name: "page", type: "string" },
  { name: "session", type: "string" },
  { name: "seq", type: "int" },
];

const avroRecord = (fields: readonly object[]) =>
  JSON.stringify({ type: "record", name: "Event", namespace: "shop", fields });

const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([zigzag(BigInt(bytes.length)), bytes]);
};

function avroBody(event: Event): Buffer {
  return Buffer.concat([
    text(event.event_id),
    zigzag(BigInt(event.user_id)),
    zigzag(BigInt(Date.parse(event.event_time))),
    zigzag(BigInt(TYPES.indexOf(event.event_type))),
    zigzag(1n),
    float64(event.amount),
    text(event.country),
    text(event.page),
    text(event.session),
    zigzag(BigInt(event.seq)),
  ]);
}

/** The enumeration of types is a schema of its own. */
async function avroReferences(registry: SchemaRegistry, subject: string) {
  const name = `${subject}-event-type`;
  await registry.register(name, "AVRO", JSON.stringify(avroType));
  return [{ name: "shop.EventType", subject: name, version: 1 }];
}

/** Avro, with a reference. */
export async function avroV1(registry: SchemaRegistry, subject: string): Promise<Encode> {
  const references = await avroReferences(registry, subject);
  const id = await registry.register(subject, "AVRO", avroRecord(avroFields), references);
  return (index) => framed(id, avroBody(at(index)));
}

/** The same with a field more, which no column is named for. */
export async function avroV2(registry: SchemaRegistry, subject: string): Promise<Encode> {
  const references = await avroReferences(registry, subject);
  const more = { name: "referrer", type: ["null", "string"], default: null };
  const schema = avroRecord([more, ...avroFields]);
  const id = await registry.register(subject, "AVRO", schema, references);
  return (index) => framed(id, zigzag(1n), text("a search"), avroBody(at(index)));
}

/** No value of its `event_id` is a text, which the contract requires. */
export async function avroMisfit(registry: SchemaRegistry, subject: string): Promise<Encode> {
  const fields = [{ name: "event_id", type: { type: "array", items: "long" } }];
  const id = await registry.register(subject, "AVRO", avroRecord(fields));
  return () => framed(id, zigzag(0n));
}

/** JSON, with a reference. */
export async function jsonEvents(registry: SchemaRegistry, subject: string): Promise<Encode> {
  const name = `${subject}-event-type`;
  const type = { $schema: "http://json-schema.org/draft-07/schema#", enum: TYPES };
  await registry.register(name, "JSON", JSON.stringify(type));
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: {
      event_id: { type: "string" },
      user_id: { type: "integer" },
      event_time: { type: "string", format: "date-time" },
      event_type: { $ref: "event-type.json" },
      amount: { type: "number" },
      seq: { type: "integer" },
    },
    required: ["event_id", "user_id", "event_time"],
  };
  const references = [{ name: "event-type.json", subject: name, version: 1 }];
  const id = await registry.register(subject, "JSON", JSON.stringify(schema), references);
  return (index) => framed(id, Buffer.from(JSON.stringify(event(index))));
}

const protobufType = `syntax = "proto3";
package shop;
enum EventType { click = 0; view = 1; purchase = 2; signup = 3; }
`;

/** Its record is the second message, so that its index is told in front of each. */
const protobufEvent = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "event_type.proto";
message Page { string path = 1; }
message Event {
  string event_id = 1;
  int64 user_id = 2;
  google.protobuf.Timestamp event_time = 3;
  EventType event_type = 4;
  double amount = 5;
  string country = 6;
  string page = 7;
  string session = 8;
  int64 seq = 9;
}
`;

const [VARINT, EIGHT_BYTES, BYTES] = [0, 1, 2];

const tagged = (field: number, wire: number, ...value: readonly Buffer[]) =>
  Buffer.concat([varint(BigInt((field << 3) | wire)), ...value]);

const number = (field: number, value: bigint) => tagged(field, VARINT, varint(value));

const bytes = (field: number, value: Buffer) =>
  tagged(field, BYTES, varint(BigInt(value.length)), value);

function protobufBody(event: Event): Buffer {
  const ms = Date.parse(event.event_time);
  const time = Buffer.concat([
    number(1, BigInt(Math.floor(ms / 1_000))),
    number(2, BigInt((ms % 1_000) * 1_000_000)),
  ]);
  return Buffer.concat([
    bytes(1, Buffer.from(event.event_id)),
    number(2, BigInt(event.user_id)),
    bytes(3, time),
    number(4, BigInt(TYPES.indexOf(event.event_type))),
    tagged(5, EIGHT_BYTES, float64(event.amount)),
    bytes(6, Buffer.from(event.country)),
    bytes(7, Buffer.from(event.page)),
    bytes(8, Buffer.from(event.session)),
    number(9, BigInt(event.seq)),
  ]);
}

/** Protobuf, with a reference. */
export async function protobufEvents(registry: SchemaRegistry, subject: string): Promise<Encode> {
  const name = `${subject}-event-type`;
  await registry.register(name, "PROTOBUF", protobufType);
  const references = [{ name: "event_type.proto", subject: name, version: 1 }];
  const id = await registry.register(subject, "PROTOBUF", protobufEvent, references);
  // One index, which is 1.
  const indexes = Buffer.concat([zigzag(1n), zigzag(1n)]);
  return (index) => framed(id, indexes, protobufBody(at(index)));
}
