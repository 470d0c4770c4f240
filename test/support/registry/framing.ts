/** The wire format of schema registries: byte 0, a schema's id, a document. */
export function framed(id: number, ...document: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(id, 1);
  return Buffer.concat([head, ...document]);
}

/** A whole number as both Avro and, for its lengths and tags, Protobuf write it: 7 bits a byte. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** Small numbers of either sign in few bytes. */
export function zigzag(value: bigint): Buffer {
  return varint((value << 1n) ^ (value >> 63n));
}

export function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
