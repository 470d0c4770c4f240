import { Crew } from "../chaos/workers/crew.ts";
import type { Worker } from "../chaos/workers/worker.ts";

/** Workers whose broker goes away: that their client tells of it is no complaint. */
export class SoakCrew extends Crew {
  readonly #workers: Worker[] = [];

  override add(build: string): Worker {
    const worker = super.add(build);
    this.#workers.push(worker);
    return worker;
  }

  override check(): void {
    for (const { complaints } of this.#workers) {
      complaints.splice(0, Infinity, ...complaints.filter((line) => !isOfClient(line)));
    }
    super.check();
  }
}

/** A line of the log in librdkafka's own words; if it gives up, the worker ends. */
function isOfClient(line: string): boolean {
  return line.startsWith("{") && JSON.parse(line).target === "kafka";
}
