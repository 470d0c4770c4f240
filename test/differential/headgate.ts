import { type TestedRule, testContract } from "headgate";
import type { Measure } from "./measure.ts";

/** What Headgate measures of a file against one schema of a contract. */
export async function headgateMeasures(
  contract: string,
  schema: string,
  path: string,
): Promise<Measure[]> {
  const { rules } = await testContract(contract, path, { schema, samples: 0 });
  return rules.map((rule) => toMeasure(schema, rule));
}

function toMeasure(schema: string, { rule, column, violations, measured }: TestedRule): Measure {
  const suffix = `_${column}`;
  return {
    schema,
    id: rule,
    kind: rule.endsWith(suffix) ? rule.slice(0, -suffix.length) : rule,
    column,
    value: measured ?? violations,
    holds: violations === 0,
  };
}
