import { z } from "zod";
import {
  ask,
  type Intervention,
  type StreamingInterventionStrategy,
  toStrategy,
} from "../intervention.js";
import { check, checkStrategies, only, option } from "./options.js";

export interface RerouteOptions {
  /** Name of a sink, or `rejects`, the default. */
  to?: string;
  /** Default: `batch`. */
  scope?: "batch" | "onwards";
}

/** A batch that the strategy would block is rerouted instead, and the query goes on. */
export function rerouted(
  intervention: Intervention,
  options: RerouteOptions = {},
): StreamingInterventionStrategy {
  checkStrategies("rerouted", [intervention]);
  const scope = z.enum(["batch", "onwards"]).optional();
  check("rerouted", only({ to: option.text.optional(), scope }), options);
  const strategy = toStrategy(intervention);
  return {
    async decide(verdict, context) {
      const answer = await ask(strategy, verdict, context);
      if (answer.action !== "block") return answer;
      return { action: "reroute", reason: answer.reason, ...options };
    },
  };
}
