import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../command.ts";
import { jars, java } from "../java.ts";
import { root } from "../root.ts";
import { type BrokerPorts, serverProperties } from "./properties.ts";

const READY_WITHIN_MS = 60_000;
/** A port found free may be taken before the broker binds it. */
const START_ATTEMPTS = 3;
const CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ";

export interface KafkaBroker {
  readonly bootstrapServers: string;
  /** The same broker behind SASL/PLAIN. */
  readonly saslServers: string;
  readonly pid: number;
  /** Ends the broker and deletes its data. */
  stop(): Promise<void>;
}

/** Starts a real single-node Apache Kafka on free loopback ports. */
export async function startKafka(options: { heapMb?: number } = {}): Promise<KafkaBroker> {
  const launcher = await java();
  const libraries = await jars("kafka", here("pom.xml"));
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(tmpdir(), "headgate-kafka-"));
    try {
      return await startIn(folder, launcher, `${libraries}/*`, options.heapMb ?? 512);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function startIn(
  folder: string,
  launcher: string,
  classpath: string,
  heapMb: number,
): Promise<KafkaBroker> {
  const ports = await freePorts();
  const properties = join(folder, "server.properties");
  await writeFile(properties, serverProperties(ports, join(folder, "data")));
  await run(launcher, [
    ...["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath],
    ...["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties],
  ]);

  const log = join(folder, "server.log");
  const output = openSync(log, "a");
  const child = spawn(
    launcher,
    [
      ...["-Xms128m", `-Xmx${heapMb}m`, "-XX:+UseSerialGC"],
      ...[`-Dlog4j2.configurationFile=${here("log4j2.xml")}`, "-cp", classpath],
      ...["kafka.Kafka", properties],
    ],
    { stdio: ["ignore", output, output] },
  );
  closeSync(output);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    bootstrapServers: `127.0.0.1:${ports.plain}`,
    saslServers: `127.0.0.1:${ports.sasl}`,
    pid: child.pid ?? 0,
    stop,
  };
}

/** The line comes after the broker is registered, unfenced and listening. */
async function ready(child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const text = await readFile(log, "utf8");
    if (text.includes("Kafka Server started")) return;
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`Kafka did not become ready:\n${text.slice(-4_000)}`);
    }
    await sleep(100);
  }
}

/** Its data is thrown away, so nothing is gained by a controlled shutdown. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await closed;
}

async function freePorts(): Promise<BrokerPorts> {
  const servers = [createServer(), createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [plain = 0, sasl = 0, controller = 0] = ports;
  return { plain, sasl, controller };
}

function here(name: string): string {
  return join(root, "test", "support", "kafka", name);
}
