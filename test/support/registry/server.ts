import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { java, unpacked } from "../java.ts";
import { freePorts } from "../ports.ts";
import { root } from "../root.ts";

const READY_WITHIN_MS = 120_000;
const BASE_PATH = "/apis/ccompat/v7";

export type SchemaType = "AVRO" | "JSON" | "PROTOBUF";

export interface Reference {
  name: string;
  subject: string;
  version: number;
}

/**
 * Starts a real registry on a free loopback port. With the address of a broker it keeps its schemas
 * there, so that they and their ids are the same after it was ended; without one, in its memory.
 */
export async function startRegistry(bootstrapServers?: string): Promise<SchemaRegistry> {
  const launcher = await java();
  const pom = join(root, "test", "support", "registry", "pom.xml");
  const archive = await unpacked("schema-registry", pom);
  const jar = (await readdir(archive)).find((name) => name.endsWith("-runner.jar"));
  if (jar === undefined) throw new Error(`${archive} has no jar to run`);
  const { registry, management } = await freePorts("registry", "management");
  const folder = await mkdtemp(join(tmpdir(), "headgate-registry-"));
  const storage: Record<string, string> =
    bootstrapServers === undefined
      ? { APICURIO_STORAGE_KIND: "sql", APICURIO_STORAGE_SQL_KIND: "h2" }
      : {
          APICURIO_STORAGE_KIND: "kafkasql",
          APICURIO_KAFKASQL_BOOTSTRAP_SERVERS: bootstrapServers,
          APICURIO_KAFKASQL_TOPIC: `registry-${registry}`,
        };
  const server = new SchemaRegistry(folder, registry, launcher, join(archive, jar), {
    ...storage,
    QUARKUS_HTTP_HOST: "127.0.0.1",
    QUARKUS_HTTP_PORT: String(registry),
    QUARKUS_MANAGEMENT_HOST: "127.0.0.1",
    QUARKUS_MANAGEMENT_PORT: String(management),
  });
  await server.start();
  return server;
}

/** One registry, which can be ended and started again with its port. */
export class SchemaRegistry {
  /** Base of the API. */
  readonly url: string;
  readonly #folder: string;
  readonly #launcher: string;
  readonly #jar: string;
  readonly #environment: Record<string, string>;
  #child: ChildProcess | undefined;
  readonly #onExit = () => this.#child?.kill("SIGKILL");

  constructor(
    folder: string,
    port: number,
    launcher: string,
    jar: string,
    environment: Record<string, string>,
  ) {
    this.url = `http://127.0.0.1:${port}${BASE_PATH}`;
    this.#folder = folder;
    this.#launcher = launcher;
    this.#jar = jar;
    this.#environment = environment;
  }

  /**
   * Resolves when it serves; also after {@link end}. What a broker keeps it may still be reading then:
   * for a moment it answers that there is no schema of an id.
   */
  async start(): Promise<void> {
    const log = join(this.#folder, "server.log");
    const output = openSync(log, "w");
    const options = ["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const child = spawn(this.#launcher, [...options, "-jar", this.#jar], {
      cwd: this.#folder,
      env: { ...process.env, ...this.#environment },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    this.#child = child;
    process.once("exit", this.#onExit);
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.#serves())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await this.end();
        const text = await readFile(log, "utf8");
        throw new Error(`the registry did not become ready:\n${text.slice(-4_000)}`);
      }
      await sleep(200);
    }
  }

  async #serves(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/subjects`)).ok;
    } catch {
      return false;
    }
  }

  /** Kills the process. */
  async end(): Promise<void> {
    process.off("exit", this.#onExit);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await closed;
  }

  async stop(): Promise<void> {
    await this.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Registers a schema, whatever came before it in its subject, and answers its id. */
  async register(
    subject: string,
    schemaType: SchemaType,
    schema: string,
    references: readonly Reference[] = [],
  ): Promise<number> {
    const answer = await fetch(`${this.url}/subjects/${encodeURIComponent(subject)}/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema, schemaType, references }),
    });
    const body = (await answer.json()) as { id?: number; message?: string };
    if (body.id === undefined) throw new Error(`${subject}: ${answer.status} ${body.message}`);
    return body.id;
  }
}
