import { z } from "zod";
import { type Spelling, spell } from "./spelling.js";

// Names, JSON types and enumerations. Defaults and every rule between keys are the engine's.

const options = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const size = z.union([z.number(), z.string()]);
const property = z.looseObject({ name: z.string() });
const contractDocument = z.looseObject({ apiVersion: z.string(), kind: z.string() });

/** The schema of one node, with its keys written as `spelling`. */
export function nodeSchema(spelling: Spelling) {
  const object = (shape: Record<string, z.ZodType>) => {
    const spelled = Object.entries(shape).map(([key, type]) => [spell(key, spelling), type]);
    const known = spelled.map(([key]) => key).join(", ");
    // An unknown key is answered with the known ones: `issueFrom` reads them from the message.
    return z.strictObject(Object.fromEntries(spelled) as Record<string, z.ZodType>, {
      error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined),
    });
  };

  const table = object({
    format: z.string(),
    path: z.string().optional(),
    tableName: z.string().optional(),
    warehouse: z.string().optional(),
    options: options.optional(),
  });

  const decode = z.enum(["raw", "json", "avro", "protobuf", "csv"]);
  // Where a payload's own schema is, of values and of keys.
  const written = {
    schema: z.string().optional(),
    message: z.string().optional(),
    csv: object({
      columns: z.array(z.string()).optional(),
      header: z.boolean().optional(),
      delimiter: z.string().optional(),
      quote: z.string().optional(),
      nullWords: z.array(z.string()).optional(),
    }).optional(),
  };

  const contractStore = z.union([
    object({ path: z.string() }),
    object({ url: z.string(), token: z.string().optional() }),
    object({ s3: z.string(), options: options.optional() }),
  ]);

  const contractOf = (parts: Record<string, z.ZodType>) =>
    z.union([
      z.string(),
      object({ path: z.string(), ...parts }),
      object({ url: z.string(), token: z.string().optional(), ...parts }),
      object({
        id: z.string(),
        version: z.string().optional(),
        drafts: z.boolean().optional(),
        store: contractStore.optional(),
        ...parts,
      }),
      contractDocument,
    ]);
  const schemaPart = { schema: z.string().optional() };
  const contractWithoutServer = contractOf(schemaPart).optional();

  return object({
    name: z.string(),
    input: object({
      format: z.string(),
      options: options.optional(),
      decode: decode.optional(),
      parseJson: z.boolean().optional(),
      tombstones: z.enum(["skip", "reject", "keep"]).optional(),
      unknownFields: z.enum(["ignore", "extra", "reject"]).optional(),
      metadata: z.boolean().optional(),
      jsonSchema: z.union([z.string(), z.looseObject({})]).optional(),
      contract: contractWithoutServer,
      ...written,
      key: object({
        decode: decode.optional(),
        column: z.string().optional(),
        ...written,
      }).optional(),
      registry: object({
        url: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        token: z.string().optional(),
        caFile: z.string().optional(),
        certificateFile: z.string().optional(),
        keyFile: z.string().optional(),
        subject: z.string().optional(),
        keySubject: z.string().optional(),
      }).optional(),
      onSchemaChange: z.enum(["evolve", "reject", "block"]).optional(),
    }),
    transforms: z
      .array(
        z.union([
          object({ sql: z.string() }),
          object({ function: z.string(), schema: z.array(property) }),
        ]),
      )
      .optional(),
    contract: contractOf({ ...schemaPart, server: z.string().optional() }).optional(),
    contractStore: contractStore.optional(),
    shadowContract: contractWithoutServer,
    rejectsContract: contractWithoutServer,
    requireFullCoverage: z.boolean().optional(),
    onViolation: z.enum(["block", "split", "allow", "flag"]).optional(),
    enforce: z.boolean().optional(),
    output: table,
    rejects: z.union([z.literal("dead_letters"), table]).optional(),
    deadLetters: table.optional(),
    sinks: z.record(z.string(), table).optional(),
    streaming: object({
      trigger: object({
        type: z.enum(["processing_time", "available_now", "once"]),
        interval: z.string().optional(),
      }).optional(),
      outputMode: z.enum(["append"]).optional(),
      queryName: z.string().optional(),
    }).optional(),
    batch: object({
      maxRows: z.number().int().optional(),
      maxBytes: size.optional(),
    }).optional(),
    memory: object({ max: size.optional() }).optional(),
    maintenance: object({
      enabled: z.boolean().optional(),
      checkpointInterval: z.number().int().min(0).max(0xffffffff).optional(),
      optimizeInterval: z.string().optional(),
      zOrder: z.array(z.string()).optional(),
      vacuumInterval: z.string().optional(),
      vacuumRetention: z.string().optional(),
    }).optional(),
    durability: z.enum(["fsync", "process"]).optional(),
  });
}
