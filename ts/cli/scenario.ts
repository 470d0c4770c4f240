import { runStreamingScenario } from "../scenarios/index.js";
import type { ScenarioRunType } from "../scenarios/scenario-event.js";
import { SCENARIOS, type ScenarioName } from "../scenarios/scenarios.js";
import { onSignals } from "../signals.js";
import { EXIT } from "./exit-codes.js";
import { Output, type OutputOptions } from "./output.js";
import { openStory } from "./scenario-story.js";

export type ScenarioCommandOptions = OutputOptions & {
  seconds?: number;
  runType: ScenarioRunType;
  dir: string;
};

/** Plays one scenario or all; fails where one does not come out as promised. */
export async function scenario(
  name: ScenarioName | "all",
  { seconds, runType, dir, ...options }: ScenarioCommandOptions,
): Promise<number> {
  const output = new Output(options);
  const ending = new AbortController();
  const unlisten = onSignals(["SIGINT", "SIGTERM"], () => ending.abort());
  const names = name === "all" ? (Object.keys(SCENARIOS) as ScenarioName[]) : [name];
  let code: number = EXIT.ok;
  try {
    for (const each of names) {
      if (ending.signal.aborted) break;
      const story = await openStory(output);
      const terms = { ...(seconds !== undefined && { seconds }), runType, dir };
      const told = { onEvent: story.tell, signal: ending.signal, logger: output.logger() };
      try {
        const { status } = await runStreamingScenario(each, { ...terms, ...told });
        if (status !== SCENARIOS[each].promised && !ending.signal.aborted) code = EXIT.failed;
      } finally {
        story.close();
      }
    }
  } finally {
    unlisten();
  }
  return code;
}
