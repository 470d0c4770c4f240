import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Where a row that was deleted had come from: partition and offset. */
export type Deleted = [partition: number, offset: number];

/** Python that answers to `commands.py`. */
export interface Program {
  interpreter: string;
  args: readonly string[];
  environment?: Record<string, string>;
}

interface Answers {
  /** How many files it put together. */
  compact: number;
  /** How many files it removed. */
  vacuum: number;
  delete: Deleted[];
  add_column: null;
  set_property: null;
}

/** A process which does to a table what it is told. */
export class OtherWriter {
  /** Attempts that the table's other commits overtook. */
  overtaken = 0;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";

  constructor({ interpreter, args, environment }: Program) {
    const child = spawn(interpreter, args, {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("close", () => process.off("exit", kill));
  }

  async does<Name extends keyof Answers>(name: Name, ...args: string[]): Promise<Answers[Name]> {
    this.#child.stdin?.write(`${JSON.stringify([name, ...args])}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${name} by another writer failed:\n${this.#stderr}`);
    const { attempts, answer } = JSON.parse(value);
    this.overtaken += attempts - 1;
    return answer;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }
}
