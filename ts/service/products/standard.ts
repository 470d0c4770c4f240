import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2019, type ValidateFunction } from "ajv/dist/2019.js";
import addFormats from "ajv-formats";
import { isMapping } from "../../contract/expectation.js";

const FILE = "odps-json-schema-v1.0.0.json";

let compiled: ValidateFunction | undefined;

/** What of a document departs from ODPS 1.0, and what dc43 wants beside it. */
export function productProblems(document: object): readonly string[] {
  compiled ??= compile();
  const { apiVersion } = document as { apiVersion?: unknown };
  // dc43 writes it without the v that the standard has.
  const isBare = typeof apiVersion === "string" && /^\d/.test(apiVersion);
  compiled(isBare ? { ...document, apiVersion: `v${apiVersion}` } : document);
  const problems = (compiled.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || "/"} ${message}`,
  );
  return [...problems, ...portProblems(document)];
}

/** The standard lets a port have no contract; nothing could be resolved from it. */
function portProblems(document: object): string[] {
  const { outputPorts } = document as { outputPorts?: unknown };
  const ports = Array.isArray(outputPorts) ? outputPorts : [];
  return ports.flatMap((port, at) =>
    isMapping(port) && typeof port.contractId !== "string"
      ? [`/outputPorts/${at} must have required property 'contractId'`]
      : [],
  );
}

function compile(): ValidateFunction {
  const schema = JSON.parse(readFileSync(join(__dirname, "standard", FILE), "utf8"));
  const ajv = new Ajv2019({ allErrors: false, strict: false, validateSchema: false });
  addFormats.default(ajv);
  return ajv.compile(schema);
}
