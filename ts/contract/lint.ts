import type { ErrorObject } from "ajv";
import { describe } from "../config/issue.js";
import { nearest } from "../config/nearest.js";
import { type Path, pathText } from "../config/spelling.js";
import { expectation, isMapping, propertiesOf } from "./expectation.js";
import { isOlder, type JsonSchema, RELEASED, type Standard, standardOf } from "./standard.js";

/** A place where a document departs from the standard. */
export interface LintFinding {
  path: Path;
  /** What is wrong there: the name itself, or what it holds. */
  of: "key" | "value";
  expected: string;
  actual: string;
  suggestion?: string;
}

/** Holds a document against the official JSON schema of its version: one finding a place. */
export function lint(document: unknown): LintFinding[] {
  const apiVersion = isMapping(document) ? document.apiVersion : undefined;
  const found = lintBy(standardOf(apiVersion), document);
  if (found.size === 0 || !isOlder(apiVersion)) return [...found.values()];
  const still = lintBy(standardOf(RELEASED), document);
  const suggestion = `v${RELEASED} of the standard allows it: raise apiVersion`;
  return [...found].map(([place, finding]) =>
    still.has(place) ? finding : { suggestion, ...finding },
  );
}

function lintBy(standard: Standard, document: unknown): Map<string, LintFinding> {
  const byPlace = new Map<string, LintFinding>();
  for (const finding of findings(standard, standard.validate(document))) {
    const place = pathText(finding.path);
    if (!byPlace.has(place)) byPlace.set(place, finding);
  }
  return byPlace;
}

function findings(standard: Standard, errors: readonly ErrorObject[]): LintFinding[] {
  const causes = causesOf(standard, errors);
  return causes.flatMap((error) =>
    isAlternatives(error) ? alternative(standard, error) : [toFinding(standard, error)],
  );
}

/** Without what only follows from another error. */
function causesOf(standard: Standard, errors: readonly ErrorObject[]): ErrorObject[] {
  const causes: ErrorObject[] = [];
  for (const error of errors) {
    if (error.keyword === "if") continue;
    // What its alternatives said stands right before it.
    while (isAlternatives(error) && isWithin(causes.at(-1), error)) causes.pop();
    causes.push(error);
  }
  const misplaced = new Set(causes.filter((error) => isMisplaced(standard, error)));
  const disturbed = new Set(
    causes.flatMap((error) => enclosing(error.instancePath, { itself: !misplaced.has(error) })),
  );
  return causes.filter((error) => !misplaced.has(error) || !disturbed.has(error.instancePath));
}

/** A key that the standard knows, and did not look at: a part of its schema that fails leaves all. */
function isMisplaced({ root }: Standard, error: ErrorObject): boolean {
  const { keyword, parentSchema = {}, params } = error;
  if (keyword !== "unevaluatedProperties") return false;
  return propertiesOf(root, parentSchema).has(params.unevaluatedProperty);
}

/** The paths of all that a place is in. */
function enclosing(instancePath: string, { itself }: { itself: boolean }): string[] {
  const keys = instancePath.split("/");
  const lengths = keys.map((_, index) => index + 1);
  return lengths
    .filter((length) => itself || length < keys.length)
    .map((length) => keys.slice(0, length).join("/"));
}

function isAlternatives({ keyword }: ErrorObject): boolean {
  return keyword === "oneOf" || keyword === "anyOf";
}

function isWithin(inner: ErrorObject | undefined, outer: ErrorObject): boolean {
  return `${inner?.instancePath}/`.startsWith(`${outer.instancePath}/`);
}

/** Of several forms that a value may have: what is wrong with the one that was meant. */
function alternative(standard: Standard, error: ErrorObject): LintFinding[] {
  const { schema, data, params } = error;
  const path = pathOf(error);
  const branches = schema as readonly JsonSchema[];
  const keys = branches.flatMap(({ required }) => (Array.isArray(required) ? required : []));
  const given = isMapping(data) ? keys.filter((key) => key in data) : [];
  const isByKey = keys.length === branches.length && isMapping(data);
  if (isByKey && given.length !== 1) {
    const expected = `exactly one of ${keys.join(", ")}`;
    return [{ path, of: "value", expected, actual: given.join(" and ") || "none" }];
  }
  if (Array.isArray(params.passingSchemas)) {
    return [{ path, of: "value", expected: "one form", actual: "several at once" }];
  }
  const possible = isByKey ? branches.filter((_, i) => keys[i] === given[0]) : branches;
  const said = possible.map((branch) => findings(standard, standard.validate(data, branch)));
  const [meant] = said
    .filter((each) => each.every(({ path }) => path.length > 0))
    .sort((a, b) => a.length - b.length);
  if (meant !== undefined) return meant.map((each) => ({ ...each, path: [...path, ...each.path] }));
  const expected = [...new Set(said.flatMap(([first]) => first?.expected ?? []))].join(" or ");
  return [{ path, of: "value", expected, actual: found(data) }];
}

function toFinding({ root }: Standard, error: ErrorObject): LintFinding {
  const { keyword, params, schema, parentSchema = {}, data } = error;
  const path = pathOf(error);
  if (keyword === "unevaluatedProperties" || keyword === "additionalProperties") {
    const key: string = params.unevaluatedProperty ?? params.additionalProperty;
    return unknownKey(path, key, [...propertiesOf(root, parentSchema).keys()]);
  }
  if (keyword === "required") {
    const key: string = params.missingProperty;
    const property = propertiesOf(root, parentSchema).get(key) ?? {};
    const expected = expectation(root, property) ?? "a value";
    return { path: [...path, key], of: "key", expected, actual: "nothing" };
  }
  const values: unknown = parentSchema.enum;
  const isListed = Array.isArray(values);
  const expected = expectation(root, isListed ? { enum: values } : { [keyword]: schema });
  const said = { expected: expected ?? error.message ?? "another value", actual: found(data) };
  return { path, of: "value", ...said, ...(isListed && meant(data, values)) };
}

function unknownKey(path: Path, key: string, known: string[]): LintFinding {
  const isKnown = known.includes(key);
  const expected = isKnown ? `no "${key}" beside the other keys` : `one of ${known.join(", ")}`;
  const finding = { path: [...path, key], of: "key" as const, expected, actual: `"${key}"` };
  return isKnown ? finding : { ...finding, ...meant(key, known) };
}

function meant(written: unknown, known: readonly unknown[]): { suggestion?: string } {
  if (typeof written !== "string") return {};
  const word = nearest(
    written,
    known.filter((each) => typeof each === "string"),
  );
  return word === undefined ? {} : { suggestion: `did you mean "${word}"?` };
}

function pathOf({ instancePath }: ErrorObject): Path {
  const keys = instancePath.split("/").slice(1);
  return keys.map((key) =>
    /^\d+$/.test(key) ? Number(key) : key.replaceAll("~1", "/").replaceAll("~0", "~"),
  );
}

const MAX_SHOWN = 60;

function found(value: unknown): string {
  const text = describe(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
