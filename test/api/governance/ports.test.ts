import { expect, test } from "vitest";
import { LocalProducts } from "../../../ts/governance/local-products.ts";
import { MemoryStore } from "../../../ts/governance/memory-store.ts";
import type { DocumentKind } from "../../../ts/governance/store.ts";

/** Lets somebody else in between two steps. */
class InterruptedStore extends MemoryStore {
  interrupt: (() => Promise<unknown>) | undefined;

  override async document(kind: DocumentKind, id: string, version: string) {
    const found = await super.document(kind, id, version);
    const { interrupt } = this;
    this.interrupt = undefined;
    await interrupt?.();
    return found;
  }
}

test("a port that another adds meanwhile is not lost", async () => {
  const store = new InterruptedStore();
  const products = new LocalProducts(store, "data-products");
  const contract = { contractId: "pings", contractVersion: "1.0.0" };
  const add = (portName: string) => products.addOutputPort("dp", { portName, ...contract });
  await add("a");
  store.interrupt = () => add("b");
  await add("c");
  for (const name of ["a", "b", "c"]) {
    expect(await products.outputPortContract("dp", name)).toEqual(contract);
  }
});
