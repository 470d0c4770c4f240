import { z } from "zod";
import type { ContractDocument } from "../../config/types.js";

/** The longest name that every database can index. */
const MAX_NAME = 512;
export const MOST_A_PAGE = 1_000;
export const PAGE = 50;

/** A name: any text, but no control characters. */
export const name = z
  .string()
  .min(1)
  .max(MAX_NAME)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about.
  .regex(/^[^\u0000-\u001f\u007f]+$/, "control characters cannot be part of a name");

/** A name as part of a path: not `.` or `..`, which clients take out of paths. */
export const segment = name.regex(/^(?!\.{1,2}$)/, "`.` and `..` cannot be part of a path");

export const optionalName = name.nullish().transform((value) => value ?? undefined);
export const json = z.record(z.string(), z.unknown());
/** A document of the user's, of which other code checks what it needs. */
export const document = json as unknown as z.ZodType<ContractDocument>;
export const optionalJson = json.nullish();
export const bump = z.enum(["major", "minor", "patch"]).nullish();
export const operation = z.enum(["read", "write"]).nullish();

/** A time with its zone. */
export const time = z.iso.datetime({ offset: true });

export const names = z.preprocess(
  (value) => (value === undefined ? undefined : [value].flat()),
  z.array(name).max(100).optional(),
);

export const cursor = z
  .string()
  .max(2_048)
  .regex(/^[A-Za-z0-9_-]+$/)
  .optional()
  .describe("`next` of the page before");

export const limit = z.coerce.number().int().min(1).max(MOST_A_PAGE).default(PAGE);

/** Of a page: at most `limit` items; `next` leads on, and is absent on the last page. */
export function pageOf(item: z.ZodType) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

export const detail = z.looseObject({ detail: z.unknown() });
export const NOT_FOUND = { 404: { description: "it is not there", body: detail } } as const;
export const CONFLICT = {
  409: { description: "it is there with other content", body: detail },
} as const;
