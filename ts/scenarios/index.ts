export { runStreamingScenario, type ScenarioOptions } from "./run-scenario.js";
export type {
  ScenarioEvent,
  ScenarioOutcome,
  ScenarioRunType,
  ScenarioStatus,
  ScenarioTable,
} from "./scenario-event.js";
export type { ScenarioName } from "./scenarios.js";
