import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../command.ts";
import { jars, java } from "../java.ts";
import { freePorts } from "../ports.ts";
import { root } from "../root.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { type BrokerPorts, saslUser, scramMechanisms, serverProperties } from "./properties.ts";

const READY_WITHIN_MS = 60_000;
/** A port found free may be taken before the broker binds it. */
const START_ATTEMPTS = 3;
const CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ";

export interface BrokerOptions {
  heapMb?: number;
  /** Adds the listeners that need certificates. */
  tls?: boolean;
  /** Lines of `server.properties`, over those that every test broker has. */
  settings?: Record<string, string>;
}

/** Starts a real single-node Apache Kafka on free loopback ports. */
export async function startKafka(options: BrokerOptions = {}): Promise<KafkaBroker> {
  const launcher = await java();
  const classpath = `${await jars("kafka", here("pom.xml"))}/*`;
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(tmpdir(), "headgate-kafka-"));
    try {
      return await startIn(folder, launcher, classpath, options);
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
  { heapMb = 512, tls = false, settings = {} }: BrokerOptions,
): Promise<KafkaBroker> {
  const ports = await freePorts("plain", "sasl", "saslTls", "mutualTls", "controller");
  const certificates = tls ? await makeCertificates(folder) : undefined;
  const properties = join(folder, "server.properties");
  const data = join(folder, "data");
  await writeFile(properties, serverProperties(ports, data, certificates, settings));
  const { username, password } = saslUser;
  await run(launcher, [
    ...["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath],
    ...["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties],
    ...scramMechanisms.flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  ]);
  const broker = new KafkaBroker(folder, ports, certificates, launcher, [
    ...["-Xms128m", `-Xmx${heapMb}m`, "-XX:+UseSerialGC"],
    ...[`-Dlog4j2.configurationFile=${here("log4j2.xml")}`, "-cp", classpath],
    ...["kafka.Kafka", properties],
  ]);
  await broker.start();
  return broker;
}

/** One node, which can be ended and started again with its ports and its data. */
export class KafkaBroker {
  readonly bootstrapServers: string;
  /** The same broker behind SASL/PLAIN. */
  readonly saslServers: string;
  /** Behind SASL/PLAIN and SCRAM over TLS. */
  readonly saslTlsServers: string;
  /** Behind TLS that asks for a certificate. */
  readonly mutualTlsServers: string;
  readonly certificates: Certificates | undefined;
  /** Holds a folder for each partition. */
  readonly dataFolder: string;
  readonly #folder: string;
  readonly #launcher: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  readonly #onExit = () => this.#child?.kill("SIGKILL");

  constructor(
    folder: string,
    ports: BrokerPorts,
    certificates: Certificates | undefined,
    launcher: string,
    args: readonly string[],
  ) {
    this.#folder = folder;
    this.#launcher = launcher;
    this.#args = args;
    this.dataFolder = join(folder, "data");
    this.certificates = certificates;
    this.bootstrapServers = `127.0.0.1:${ports.plain}`;
    this.saslServers = `127.0.0.1:${ports.sasl}`;
    this.saslTlsServers = `127.0.0.1:${ports.saslTls}`;
    this.mutualTlsServers = `127.0.0.1:${ports.mutualTls}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Resolves when it serves; also after {@link end}. */
  async start(): Promise<void> {
    const log = join(this.#folder, "server.log");
    const output = openSync(log, "a");
    await truncate(log);
    const child = spawn(this.#launcher, this.#args, { stdio: ["ignore", output, output] });
    closeSync(output);
    this.#child = child;
    process.once("exit", this.#onExit);
    try {
      await ready(child, log);
    } catch (error) {
      await this.end("SIGKILL");
      throw error;
    }
  }

  /** Ends the process and keeps its data. `SIGTERM` is a controlled shutdown. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    process.off("exit", this.#onExit);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill(signal);
    await closed;
  }

  /** Ends the broker and deletes its data. */
  async stop(): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }
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

function here(name: string): string {
  return join(root, "test", "support", "kafka", name);
}
