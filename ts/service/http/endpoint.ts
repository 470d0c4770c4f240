import type { z } from "zod";
import type { CallOptions } from "../../governance/types.js";

/** What a token has to be allowed for; `open` endpoints ask for none. */
export type Scope = "read" | "write" | "open";

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface AnswerShape {
  description: string;
  body?: z.ZodType;
}

/** What an endpoint takes and answers: what requests are checked by and the API is described from. */
export interface EndpointShape {
  /** Its name in the API's description. */
  id: string;
  method: "GET" | "PUT" | "POST" | "DELETE";
  /** With parameters in braces: `/contracts/{contract_id}`. */
  path: string;
  /** A parameter that may hold slashes as they are: some clients do not encode them. */
  slashes?: string;
  tag: string;
  summary: string;
  scope: Scope;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  answers: Readonly<Record<number, AnswerShape>>;
}

export interface Asked<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** The request's idempotency key and its end. */
  call: CallOptions;
}

export interface Endpoint extends EndpointShape {
  handle(asked: Asked<unknown, unknown, unknown>): Promise<Answer>;
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<string, never>;

/** Ties a handler to what its shape lets through. */
export function endpoint<const Shape extends EndpointShape>(
  shape: Shape,
  handle: (
    asked: Asked<Parsed<Shape["params"]>, Parsed<Shape["query"]>, Parsed<Shape["body"]>>,
  ) => Promise<Answer>,
): Endpoint {
  return { ...shape, handle: handle as Endpoint["handle"] };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export const DONE: Answer = { status: 204 };

/** The value, or 404 with what it is that is not there. */
export function orAbsent<T>(
  value: T | undefined,
  detail: string,
  write: (value: T) => unknown = (each) => each,
): Answer {
  return value === undefined ? { status: 404, body: { detail } } : ok(write(value));
}
