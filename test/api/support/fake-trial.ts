import type { NativeBinding, NativeContractTest } from "../../../ts/native.ts";
import { FakeCaller } from "./fake-query.ts";

type Trial = NativeBinding["NativeContractTrial"];

/** The trial of a contract: what it was asked for, and what a test has it answer. */
export class FakeTrial extends FakeCaller {
  readonly options: ConstructorParameters<Trial>[0];
  readonly #run: (trial: FakeTrial) => Promise<NativeContractTest>;

  constructor(
    options: ConstructorParameters<Trial>[0],
    run: (trial: FakeTrial) => Promise<NativeContractTest>,
  ) {
    super();
    this.options = options;
    this.#run = run;
  }

  async run(): Promise<NativeContractTest> {
    const answer = await this.#run(this);
    this.calls.put(null);
    return answer;
  }
}
