import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeSchema } from "../../ts/config/schema.ts";
import type { Spelling } from "../../ts/config/spelling.ts";
import { native } from "../../ts/native.ts";

const isBuilt = readdirSync("bindings/node").some((name) => name.endsWith(".node"));

interface Definition {
  type: string;
  innerType: Schema;
  element: Schema;
  valueType: Schema;
  options: Schema[];
  shape: Record<string, Schema>;
  catchall?: Schema;
}

interface Schema {
  def: Definition;
}

/** Every key path below a schema; what takes any key is one key. */
function keysOf({ def }: Schema, prefix = ""): string[] {
  if (def.type === "optional") return keysOf(def.innerType, prefix);
  if (def.type === "array") return keysOf(def.element, prefix);
  if (def.type === "record") return keysOf(def.valueType, `${prefix}*.`);
  if (def.type === "union") return def.options.flatMap((each) => keysOf(each, prefix));
  if (def.type !== "object" || def.catchall?.def.type !== "never") return [];
  return Object.entries(def.shape).flatMap(([key, inner]) => [
    `${prefix}${key}`,
    ...keysOf(inner, `${prefix}${key}.`),
  ]);
}

const schemaOf = (spelling: Spelling) => nodeSchema(spelling) as unknown as Schema;

test("the keys are those of the design", () => {
  expect(keysOf(schemaOf("snake"))).toContain("dead_letters.table_name");
  expect(keysOf(schemaOf("camel"))).toContain("deadLetters.tableName");
});

/** Read from stores and URLs before the engine sees a node: it knows none of these. */
const ELSEWHERE = /^contract_store|contract\.(id|version|drafts|url|token|store)\b/;
/** What was read there, which nobody writes. */
const READ = /contract\.(text|place)$/;

test.skipIf(!isBuilt)("both sides of the boundary know the same keys", () => {
  const written = new Set(keysOf(schemaOf("snake")).filter((key) => !ELSEWHERE.test(key)));
  const known = native()
    .configKeys()
    .filter((key) => !READ.test(key));
  expect([...written].sort()).toEqual(known.sort());
});
