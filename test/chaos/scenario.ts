import type { KafkaBroker } from "../support/kafka/broker.ts";

/** What every scenario answers for. */
export interface Counts {
  /** Produced. */
  records: number;
  kills: number;
  freezes: number;
  /** Coordinates that are in no table. */
  lost: number;
  /** Coordinates that are in a table more than once, or in several. */
  doubled: number;
}

/** What a scenario is given. */
export interface Chaos {
  /** The form that CI runs. */
  isShort: boolean;
  /** Numbers of `[0, 1)`: every choice is made by them, so that a seed repeats it. */
  random: () => number;
  /** The scenario's own; it stays when the scenario fails, and goes when it does not. */
  folder: string;
  /** Kept up to date, so that a scenario which throws has counted what it did. */
  counts: Counts;
  /** One real broker for the run, started when first asked for. It is not a scenario's to break. */
  kafka(): Promise<KafkaBroker>;
  /** Tells people what goes on. */
  say(text: string): void;
}

export interface Scenario {
  name: string;
  /** The short form plays it only when it is named. */
  isFullOnly?: boolean;
  /** Answers figures of its own for the scenario's line. Throws when anything but loss is wrong. */
  run(chaos: Chaos): Promise<Record<string, number>>;
}
