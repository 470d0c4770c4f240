import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { STREAMING_ERROR_CODES } from "../../ts/error-codes.ts";

// Kinds of dead letters, which say something of a record.
const NOT_CODES = [
  "AVRO_DECODE_ERROR",
  "CSV_PARSE_ERROR",
  "ENCODING_ERROR",
  "JSON_PARSE_ERROR",
  "PROTOBUF_DECODE_ERROR",
  "SCHEMA_REFUSED",
  "SCHEMA_VIOLATION",
  "TRANSFORM_ERROR",
  "WIRE_FORMAT_ERROR",
];
/** Variables of the environment and of the build. */
const VARIABLE = /^(HEADGATE|CARGO|AWS)_/;

function sources(folder: string, extension: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension) && !/(^|\/)tests?[/_.]|_tests?\.rs$/.test(name))
    .filter((name) => !name.endsWith("error-codes.ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

/** Every literal in capitals with an underscore, outside tests. */
function literals(texts: readonly string[]): Set<string> {
  const found = texts.flatMap((text) => {
    const [shipped = ""] = text.split("#[cfg(test)]");
    return [...shipped.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g)].map(([, word]) => word);
  });
  return new Set(found.filter((word) => word !== undefined && !VARIABLE.test(word)) as string[]);
}

const codes: readonly string[] = STREAMING_ERROR_CODES;
const engine = literals(
  ["crates/contract", "crates/decode", "crates/delta", "crates/engine", "crates/headgate"]
    .concat("crates/kafka", "crates/model", "crates/registry", "crates/sources", "bindings/node")
    .flatMap((crate) => sources(join(crate, "src"), ".rs")),
);

test("every code of the engine is in the closed union", () => {
  expect([...engine].filter((code) => !codes.includes(code) && !NOT_CODES.includes(code))).toEqual(
    [],
  );
});

test("every code of the union is given by something", () => {
  const own = literals(sources("ts", ".ts"));
  expect(codes.filter((code) => !engine.has(code) && !own.has(code))).toEqual([]);
});

test("no code is listed twice", () => {
  expect(new Set(codes).size).toBe(codes.length);
});
