import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readers } from "../../support/readers/environment.ts";
import { root } from "../../support/root.ts";

const script = join(root, "test", "chaos", "other-writers", "other_writer.py");

/** Where a row that was deleted had come from: partition and offset. */
export type Deleted = [partition: number, offset: number];

interface Answers {
  /** How many files it put together. */
  compact: number;
  vacuum: { removed: number; strays: number };
  delete: Deleted[];
  add_column: null;
}

/** A process of `deltalake`, which does to a table what it is told. */
export class OtherWriter {
  /** Attempts that the table's other commits overtook. */
  overtaken = 0;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";

  private constructor(child: ChildProcess, stdout: NodeJS.ReadableStream) {
    this.#child = child;
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
  }

  static async start(table: string): Promise<OtherWriter> {
    const child = spawn(await readers(), [script, table], { stdio: ["pipe", "pipe", "pipe"] });
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("close", () => process.off("exit", kill));
    return new OtherWriter(child, child.stdout);
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
