import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Properties } from "../../governance/types.js";
import { HttpFault } from "../http/faults.js";

let compiled: ValidateFunction | undefined;

/** Holds an event to OpenLineage's own schema, of whichever of its kinds it is. */
export function requireEvent(event: Properties): Properties {
  compiled ??= compile();
  if (compiled(event)) return event;
  const { instancePath, message } = compiled.errors?.[0] ?? {};
  throw new HttpFault(422, `no OpenLineage event: ${instancePath || "/"} ${message}`);
}

function compile(): ValidateFunction {
  const file = join(__dirname, "..", "..", "openlineage", "standard", "OpenLineage.json");
  const ajv = new Ajv2020({ allErrors: false, strict: false, validateSchema: false });
  addFormats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(file, "utf8")));
}
