import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../support/root.ts";
import type { Measure } from "./measure.ts";

interface Rule {
  rule: string;
  column?: string | null;
  violations: number;
  measured?: number | null;
}

interface Answer {
  resultJson?: string;
  issues: unknown[];
  failure?: object;
}

interface Addon {
  NativeContractTrial: new (options: {
    contract: string;
    schema: string;
    path: string;
    samples: number;
  }) => { run(): Promise<Answer> };
}

const addon: Addon = createRequire(join(root, "package.json"))("./bindings/node/index.cjs");

/** What Headgate measures of a file against one schema of a contract. */
export async function headgateMeasures(
  contractFile: string,
  schema: string,
  path: string,
): Promise<Measure[]> {
  const contract = await readFile(contractFile, "utf8");
  const trial = new addon.NativeContractTrial({ contract, schema, path, samples: 0 });
  const answer = await trial.run();
  if (answer.resultJson === undefined) {
    throw new Error(`Headgate did not run: ${JSON.stringify(answer)}`);
  }
  const { rules }: { rules: Rule[] } = JSON.parse(answer.resultJson);
  return rules.map((rule) => toMeasure(schema, rule));
}

function toMeasure(schema: string, rule: Rule): Measure {
  const column = rule.column ?? undefined;
  const suffix = `_${column}`;
  return {
    schema,
    id: rule.rule,
    kind: rule.rule.endsWith(suffix) ? rule.rule.slice(0, -suffix.length) : rule.rule,
    column,
    value: rule.measured ?? rule.violations,
    holds: rule.violations === 0,
  };
}
