import type { ContractProperty } from "../config/types.js";
import type { TransformFunction } from "../transforms.js";

/** A function as a step of a stream. One that fails does what a function of `transforms` does. */
export interface StreamFunction {
  /** By which messages know it: no other function of the stream may have it. */
  name: string;
  /** The columns of its rows, as ODCS properties: `{ name: "km", logicalType: "number" }`. */
  schema: readonly ContractProperty[];
  apply: TransformFunction;
}
