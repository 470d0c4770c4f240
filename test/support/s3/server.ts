import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { goProgram } from "../go.ts";
import { freePorts } from "../ports.ts";

/**
 * Of the servers that registries have it is the one that checks signatures, lets exactly one of
 * racing conditional puts win and stays small. moto starts without a build, but takes any secret.
 */
const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";
const READY_WITHIN_MS = 20_000;
/** A port found free may be taken before the server binds it. */
const START_ATTEMPTS = 3;

/** How to reach a store, as its owner. */
export interface S3Access {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface S3Server extends S3Access {
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
}

const OWNER = {
  region: "us-east-1",
  accessKeyId: "headgate-tests",
  secretAccessKey: "never-to-be-told-77c1",
} as const;

/** Starts a real S3 server on a free loopback port. */
export async function startS3(): Promise<S3Server> {
  const program = await goProgram("versitygw", MODULE);
  for (let attempt = 1; ; attempt += 1) {
    const folder = await mkdtemp(join(tmpdir(), "headgate-s3-"));
    try {
      return await startIn(folder, program);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function startIn(folder: string, program: string): Promise<S3Server> {
  const { port } = await freePorts("port");
  const address = `127.0.0.1:${port}`;
  const data = join(folder, "data");
  await mkdir(data);
  const log = join(folder, "server.log");
  const output = openSync(log, "a");
  const child = spawn(program, ["--port", address, "--quiet", "posix", data], {
    cwd: folder,
    env: {
      ...process.env,
      ROOT_ACCESS_KEY: OWNER.accessKeyId,
      ROOT_SECRET_KEY: OWNER.secretAccessKey,
    },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const endpoint = `http://${address}`;
  try {
    await ready(child, endpoint, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, ...OWNER, stop };
}

/** Any answer will do: it listens, and says that nobody signed. */
async function ready(child: ChildProcess, endpoint: string, log: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      throw new Error(`the S3 server did not become ready:\n${await readFile(log, "utf8")}`);
    }
    await sleep(50);
  }
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await (await fetch(endpoint)).body?.cancel();
    return true;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await closed;
}
