import XMLBuilder from "fast-xml-builder";
import { type ContractTestReport, isBlocking, type TestedRule } from "../contract/test.js";
import { amount } from "./text.js";

interface TestCase {
  name: string;
  /** Why it fails, or is skipped. */
  failure?: string;
  skipped?: string;
  /** What else it found. */
  note?: string;
}

/** A test case a rule: broken ones that block fail, and those that are not enforced are skipped. */
export function junitReport(report: ContractTestReport): string {
  const { contract, source, undecodable, rules, notEnforced } = report;
  const cases: TestCase[] = [
    decoding(undecodable),
    ...rules.map(ruleCase),
    ...notEnforced.map(({ rule, reason = "not enforced" }) => ({ name: rule, skipped: reason })),
  ];
  const testsuite = {
    "@name": `${contract.id} ${contract.version}: ${source}`,
    "@tests": cases.length,
    "@failures": cases.filter(({ failure }) => failure !== undefined).length,
    "@errors": 0,
    "@skipped": cases.filter(({ skipped }) => skipped !== undefined).length,
    testcase: cases.map((each) => element(contract.id, each)),
  };
  const xml = { "?xml": { "@version": "1.0", "@encoding": "UTF-8" }, testsuites: { testsuite } };
  const form = { attributeNamePrefix: "@", ignoreAttributes: false, format: true };
  return printable(new XMLBuilder({ ...form, suppressEmptyNode: true }).build(xml));
}

function decoding({ count, samples }: ContractTestReport["undecodable"]): TestCase {
  const name = "every record can be decoded";
  const where = samples.map(({ line, kind, message }) => `line ${line}: ${kind}, ${message}`);
  return count === 0
    ? { name }
    : { name, failure: [amount(count, "undecodable record"), ...where].join("; ") };
}

function ruleCase(tested: TestedRule): TestCase {
  const { rule: name, violations, measured, rows } = tested;
  if (violations === 0) return { name };
  const where = rows.length > 0 ? `, first at ${rows.join(", ")}` : "";
  const value = measured === undefined ? "" : `, measured ${measured}`;
  const text = `${amount(violations, "violation")}${value}${where}`;
  return isBlocking(tested) ? { name, failure: text } : { name, note: text };
}

function element(suite: string, { name, failure, skipped, note }: TestCase): object {
  return {
    "@name": name,
    "@classname": suite,
    ...(failure !== undefined && { failure: { "@message": failure } }),
    ...(skipped !== undefined && { skipped: { "@message": skipped } }),
    ...(note !== undefined && { "system-out": note }),
  };
}

/** Without the control characters that XML cannot hold in any form. */
function printable(xml: string): string {
  return xml.replace(/[^\P{Cc}\t\r\n]|[\uFFFE\uFFFF]/gu, "\uFFFD");
}
