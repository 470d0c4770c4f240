// Publishes versions 1 to `count` of a contract and says of each what became of it.
import { contractStore } from "../../../../dist/index.mjs";

const [path, status, count] = process.argv.slice(2);
const store = contractStore({ path });
for (let version = 1; version <= Number(count); version += 1) {
  const named = { apiVersion: "v3.1.0", kind: "DataContract", id: "pings" };
  const contract = { ...named, version: String(version), status };
  const said = await store.publish(contract).then(
    () => "published",
    (error) => error.code,
  );
  console.log(said);
}
