import {
  type Answer,
  ask,
  type Intervention,
  type InterventionDecision,
  reasonOf,
  type StreamingInterventionStrategy,
  toStrategy,
} from "../intervention.js";
import { checkStrategies } from "./options.js";

/**
 * The strictest answer of all, with the reasons of all: a block, else the first reroute, else a
 * warning. A block stands whatever becomes of the
 * others; else, one that throws or is late leaves the decision to `interventionFallback`.
 */
export function strictest(...interventions: Intervention[]): StreamingInterventionStrategy {
  checkStrategies("strictest", interventions);
  const strategies = interventions.map(toStrategy);
  return {
    async decide(verdict, context) {
      const answers: Answer[] = [];
      const asked = strategies.map(async (strategy) => {
        const answer = await ask(strategy, verdict, context);
        answers.push(answer);
        return answer;
      });
      await Promise.race([Promise.allSettled(asked), blockAmong(asked)]);
      const decision = strictestOf(answers);
      if (decision?.action !== "block") await Promise.all(asked);
      return decision;
    },
  };
}

/** Nothing if all proceed. */
export function strictestOf(answers: readonly Answer[]): InterventionDecision {
  const reasons = answers.flatMap((answer) => reasonOf(answer) ?? []);
  if (reasons.length === 0) return null;
  const reason = reasons.join("; ");
  if (answers.some(({ action }) => action === "block")) return { action: "block", reason };
  const reroute = answers.find(({ action }) => action === "reroute");
  return { ...(reroute ?? { action: "warn" }), reason } as Answer;
}

/** Resolves with the first block, if one comes. */
function blockAmong(asked: readonly Promise<Answer>[]): Promise<void> {
  return new Promise((resolve) => {
    const onAnswer = ({ action }: Answer) => action === "block" && resolve();
    for (const each of asked) each.then(onAnswer, () => {});
  });
}
