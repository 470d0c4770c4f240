import { invalidArgument } from "../failure.js";
import { type LiveValidation, schemaOf, type ValidationResult } from "../validation-result.js";
import type { KnownContract } from "./contracts.js";
import type { StreamFunction } from "./stream-function.js";
import { planned, type StreamInput, type StreamPlan } from "./stream-plan.js";
import {
  columnStep,
  filterStep,
  functionStep,
  type StreamStep,
  selectStep,
  sqlStep,
} from "./stream-step.js";

/** @internal What all streams over one read share. */
export interface StreamOrigin {
  input: StreamInput;
  contract: KnownContract;
  validation: LiveValidation;
}

/**
 * Rows of a source, under the contract that they were read with. Nothing is read before a write.
 * Each step answers a new stream; one that cannot be planned throws a `StreamingValidationError`.
 */
export class ContractStream {
  /** The columns, in order. After a step, any of them may be NULL. */
  readonly schema: ValidationResult["schema"];
  /** @internal */
  readonly origin: StreamOrigin;
  /** @internal */
  readonly steps: readonly StreamStep[];

  /** @internal */
  constructor(origin: StreamOrigin, steps: readonly StreamStep[] = []) {
    this.origin = origin;
    this.steps = steps;
    this.schema = Object.freeze(schemaOf(planned(origin.input, steps).columns));
  }

  /** A `SELECT … FROM input` of each row, or a function, whose rows have the columns of its `schema`. */
  transform(step: string | StreamFunction): ContractStream {
    if (typeof step === "string") return this.#with(sqlStep("transform", step));
    const { name, apply } = step;
    const isNamed = ({ transform }: StreamStep) =>
      "function" in transform && transform.function === name;
    const known = this.steps.find(isNamed);
    if (known === undefined || known.apply === apply) return this.#with(functionStep(step));
    throw invalidArgument(`step ${this.steps.length + 1}, transform(${name}): its name is taken`, {
      operation: "plan",
      component: "stream",
      field: `transforms[${this.steps.length}].function`,
      expected: "a name that no other function of the stream has",
      actual: JSON.stringify(name),
    });
  }

  /** Columns, or expressions with a name: `metres / 1000.0 AS km`. */
  select(...expressions: readonly string[]): ContractStream {
    return this.#with(selectStep(expressions));
  }

  /** Leaves out the rows for which the condition is not true; they count as skipped. */
  filter(condition: string): ContractStream {
    return this.#with(filterStep(condition));
  }

  /** Adds a column, or replaces the one of that name. */
  withColumn(name: string, expression: string): ContractStream {
    return this.#with(columnStep(name, expression, Object.keys(this.schema)));
  }

  /** @internal */
  heldAgainst(contract: KnownContract): StreamPlan {
    return planned(this.origin.input, this.steps, contract.source);
  }

  #with(step: StreamStep): ContractStream {
    return new ContractStream(this.origin, [...this.steps, step]);
  }
}
