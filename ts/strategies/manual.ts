import type { InterventionDecision, StreamingInterventionStrategy } from "../intervention.js";
import { check, option } from "./options.js";

/** A strategy whose decisions an operator takes. */
export interface ManualIntervention extends StreamingInterventionStrategy {
  /** Blocks the next batch of every query that asks, until `proceed`. */
  block(reason: string): void;
  /** Lets batches through. What is blocked already stays so until `headgate release`. */
  proceed(): void;
}

/** Lets batches through until its `block` is called. */
export function manual(): ManualIntervention {
  let decision: InterventionDecision = null;
  return {
    decide: () => decision,
    block(reason) {
      check("manual.block(reason)", option.text, reason);
      decision = { action: "block", reason };
    },
    proceed() {
      decision = null;
    },
  };
}
