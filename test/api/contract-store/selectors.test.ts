import { expect, test } from "vitest";
import { inMemoryContracts } from "../../../ts/contract-store/memory.ts";
import { selectContract } from "../../../ts/contract-store/select.ts";
import type { ContractStore } from "../../../ts/contract-store/store.ts";
import { StreamingError } from "../../../ts/errors.ts";
import { contract } from "../governance/support/samples.ts";

async function storeOf(...versions: (string | [string, object])[]): Promise<ContractStore> {
  const store = inMemoryContracts();
  for (const each of versions) {
    const [version, change] = typeof each === "string" ? [each, {}] : each;
    await store.publish(contract(version, change));
  }
  return store;
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as StreamingError,
  );

const MANY = [
  ...["1", "1.2", "1.10.0", "1.9.3", "2.0.0-rc.1", "2.0.0-rc.11", "2.0.0-rc.2"],
  ["1.11.0", { status: "Draft" }] as [string, object],
];

test.each([
  { selector: undefined, version: "1.10.0" },
  { selector: "latest", version: "1.10.0" },
  { selector: ">=1", version: "1.10.0" },
  { selector: ">= 1.9", version: "1.10.0" },
  { selector: "==1.2", version: "1.2" },
  { selector: " 1.9.3 ", version: "1.9.3" },
  { selector: "2.0.0-rc.2", version: "2.0.0-rc.2" },
  { selector: "1.11.0", version: "1.11.0" },
  { selector: "latest", drafts: true, version: "2.0.0-rc.11" },
  { selector: ">=1.11", drafts: true, version: "2.0.0-rc.11" },
])("$selector (drafts: $drafts) selects $version", async ({ selector, drafts, version }) => {
  const store = await storeOf(...MANY);
  const found = await selectContract(store, "pings", selector, { drafts });
  expect(found).toMatchObject({ version, document: { version } });
});

test("one is as high as 1.0.0, and a release higher than its drafts", async () => {
  expect(await selectContract(await storeOf("1"), "pings", ">=1.0.0")).toMatchObject({
    version: "1",
  });
  const store = await storeOf("2.0.0-draft", "2.0.0");
  const found = await selectContract(store, "pings", ">=2", { drafts: true });
  expect(found.version).toBe("2.0.0");
});

test("what no version fits names those that there are, and the one that was meant", async () => {
  const error = await failureOf(selectContract(await storeOf(...MANY), "pings", "==1.9.4"));
  expect(StreamingError.is(error, "CONTRACT_NOT_FOUND")).toBe(true);
  expect(error?.context).toMatchObject({
    expected: "a version of pings that fits ==1.9.4",
    actual: "1, 1.2, 1.9.3, 1.10.0, 1.11.0, 2.0.0-rc.1, 2.0.0-rc.2, 2.0.0-rc.11",
    details: expect.stringContaining("did you mean 1.9.3?"),
  });
  const drafts = await failureOf(selectContract(await storeOf("1.0.0-draft"), "pings"));
  expect(drafts?.context.details).toContain("drafts: true");
  const none = await failureOf(selectContract(await storeOf(), "pings"));
  expect(none).toMatchObject({ retryable: false, context: { actual: "no version of it" } });
});

test.each(["^1", "~1.2", "<2", ">1", ">=1,<2", "", "1.x || 2", "="])(
  "%j is no selector",
  async (selector) => {
    const error = await failureOf(selectContract(await storeOf("1"), "pings", selector));
    expect(error).toMatchObject({ code: "CONFIG_VALUE", context: { field: "version" } });
  },
);

test("a document that was filed under another version is refused", async () => {
  const store = await storeOf("1.0.0");
  const misfiled: ContractStore = {
    ...{ versions: async () => ["1.0.0", "2.0.0"], publish: store.publish },
    read: (id) => store.read(id, "1.0.0"),
  };
  const error = await failureOf(selectContract(misfiled, "pings"));
  expect(error).toMatchObject({
    code: "CONTRACT_INVALID",
    context: { actual: 'id "pings" and version "1.0.0"' },
  });
});
