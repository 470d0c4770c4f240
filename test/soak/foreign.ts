import { join } from "node:path";
import { run } from "../support/command.ts";
import { readers, readersFolder } from "../support/readers/environment.ts";
import { root } from "../support/root.ts";
import type { SoakLake } from "./lake.ts";

export interface OffsetRun {
  partition: number;
  low: number;
  /** Exclusive. */
  past: number;
  times: number;
}

const script = join(root, "test", "soak", "tables.py");

/** Other implementations of Delta and Parquet, at the tables straight. */
export class Foreign {
  readonly #environment: Record<string, string>;

  constructor({ environment }: SoakLake) {
    this.#environment = { ...environment, PYTHONPATH: readersFolder };
  }

  runs(files: readonly string[]): Promise<OffsetRun[]> {
    return this.#ask("runs", ...files);
  }

  /** How many coordinates are in files of one side only. */
  differences(one: readonly string[], other: readonly string[]): Promise<number> {
    return this.#ask("same", ...one, "--", ...other);
  }

  rows(table: string): Promise<number> {
    return this.#ask("rows", table);
  }

  /** Answers how many files were rewritten. */
  optimize(table: string): Promise<number> {
    return this.#ask("optimize", table);
  }

  /** Answers how many files were deleted. */
  vacuum(table: string): Promise<number> {
    return this.#ask("vacuum", table);
  }

  async #ask<Answer>(...args: string[]): Promise<Answer> {
    return JSON.parse(await run(await readers(), [script, ...args], { env: this.#environment }));
  }
}
