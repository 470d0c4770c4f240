import { expect, test } from "vitest";
import { chaosOptions } from "./options.ts";
import { scenarios } from "./scenarios.ts";

const ofFullForm = ["kafka-trouble", "storage-trouble", "other-writers-spark"];

test("the full form plays every scenario", () => {
  expect(chaosOptions([]).selected).toEqual(scenarios);
});

test("the short form leaves out what belongs to the full form alone", () => {
  const { selected } = chaosOptions(["--short"]);
  expect(scenarios.filter((scenario) => !selected.includes(scenario)).map(nameOf)).toEqual(
    ofFullForm,
  );
});

test.each(ofFullForm)("the short form plays %s when it is asked for it", (name) => {
  expect(chaosOptions(["--short", "--only", name]).selected.map(nameOf)).toEqual([name]);
});

test("a scenario that there is not is refused, and those that there are are named", () => {
  expect(() => chaosOptions(["--only", "nothing"])).toThrow(/kafka-trouble, /);
});

function nameOf({ name }: { name: string }): string {
  return name;
}
