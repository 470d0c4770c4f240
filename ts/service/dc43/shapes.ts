import { z } from "zod";
import { bump, document, json, name, operation, optionalJson } from "../http/schemas.js";

// Bodies of dc43's API: as loose as it is, as strict as their readers need.

const texts = z.array(z.string()).nullish();
const schema = z.record(z.string(), json).nullish();

export const observations = z.looseObject({
  metrics: json,
  schema,
  reused: z.boolean().nullish(),
});

export const validation = z.looseObject({
  ok: z.boolean().nullish(),
  status: z.string().nullish(),
  reason: z.string().nullish(),
  errors: texts,
  warnings: texts,
  metrics: optionalJson,
  schema,
  details: z
    .looseObject({ errors: texts, warnings: texts, metrics: optionalJson, schema })
    .nullish(),
});

/** A mere name stands for `{"pipeline": name}`. */
export const pipelineContext = z
  .union([z.string(), json, z.array(z.tuple([z.string(), z.unknown()]))])
  .nullish()
  .transform((given) => {
    if (typeof given === "string") return { pipeline: given };
    return Array.isArray(given) ? Object.fromEntries(given) : (given ?? undefined);
  });

const selector = z
  .looseObject({
    contract_id: name,
    contract_version: name.nullish(),
    version_selector: z.string().max(512).nullish(),
  })
  .nullish();

const binding = z
  .looseObject({ data_product: name.optional(), dataProduct: name.optional() })
  .nullish();

const terms = {
  input_binding: binding,
  output_binding: binding,
  dataset_id: name.nullish(),
  dataset_version: name.nullish(),
  dataset_format: z.string().nullish(),
  pipeline_context: pipelineContext,
  bump,
  draft_on_violation: z.boolean().nullish(),
  allowed_data_product_statuses: texts,
  allow_missing_data_product_status: z.boolean().nullish(),
  data_product_status_case_insensitive: z.boolean().nullish(),
  data_product_status_failure_message: z.string().nullish(),
  enforce_data_product_status: z.boolean().nullish(),
};

const policy = z.looseObject({ allowed_data_product_statuses: texts }).nullish();

export const context = z.looseObject({ ...terms, policy, contract: selector });

export const plan = z.looseObject({
  ...terms,
  policy,
  contract: document,
  contract_id: name,
  contract_version: name,
});

export const assessment = z.looseObject({
  status: validation.nullish(),
  validation: validation.nullish(),
  draft: optionalJson,
  observations_reused: z.boolean().nullish(),
});

export const evaluation = z.looseObject({
  contract_id: name,
  contract_version: name,
  dataset_id: name,
  dataset_version: name,
  validation: validation.nullish(),
  observations,
  bump,
  context: optionalJson,
  pipeline_context: pipelineContext,
  operation,
  draft_on_violation: z.boolean().nullish(),
});

export const draftRequest = z.looseObject({
  validation,
  base_contract: document,
  bump,
  context: optionalJson,
  pipeline_context: pipelineContext,
});

export const reviewRequest = draftRequest.extend({
  dataset_id: name.nullish(),
  dataset_version: name.nullish(),
  data_format: z.string().nullish(),
  dq_status: validation.nullish(),
  dq_feedback: optionalJson,
  draft_requested: z.boolean().nullish(),
  operation,
});

export const VALIDATION = { 200: { description: "the validation", body: json } } as const;
export const ASSESSMENT = {
  200: {
    description: "the verdict, what it was made of, and a draft if there is one",
    body: z.looseObject({ observations_reused: z.boolean() }),
  },
} as const;
