import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { dispatch, TestServer } from "../../test/api/governance/support/dc43-server.ts";
import { inMemoryGovernance } from "../../ts/governance.ts";

/** dc43's endpoints, kept in memory: a process of its own that says where it is. */
export async function main(): Promise<void> {
  const service = inMemoryGovernance();
  const [contract = ""] = process.argv.slice(2);
  await service.contracts.put(parse(await readFile(contract, "utf8")));
  const server = new TestServer((request) => dispatch(service, request));
  await server.start();
  console.log(server.baseUrl);
}
