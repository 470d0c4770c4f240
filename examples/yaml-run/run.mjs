// Runs gps_pings.yaml over a few events: node examples/yaml-run/run.mjs
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gpsPing, newLake, openBroker, produce } from "../broker.mjs";

const here = import.meta.dirname;
const broker = await openBroker("gps-pings");
await produce(broker.bootstrapServers, "gps-pings", [
  gpsPing(),
  gpsPing({ speed_kmh: 900 }), // breaks a bound
  gpsPing({ driver_id: "driver-17", driver_status: "asleep" }), // breaks two rules
  "not even JSON",
]);

// The file is used as it is, but for the broker's address; relative paths start at its folder.
const folder = newLake();
mkdirSync(join(folder, "run"));
mkdirSync(join(folder, "contracts"));
const contract = join("contracts", "gps_pings.odcs.yaml");
copyFileSync(join(here, "..", contract), join(folder, contract));
const config = join(folder, "run", "gps_pings.yaml");
const text = readFileSync(join(here, "gps_pings.yaml"), "utf8");
writeFileSync(config, text.replace("127.0.0.1:9092", broker.bootstrapServers));

headgate("validate", config);
headgate("run", config);
headgate("verify", join(folder, "run", "lake", "gps_pings"));
broker.close();

function headgate(...args) {
  const cli = join(here, "..", "..", "dist", "cli", "main.js"); // `npx headgate` in your project
  const { status } = spawnSync(process.execPath, [cli, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
