import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../ports.ts";

const execute = promisify(execFile);
const REMEDY =
  "tests of the governance service need PostgreSQL (Debian: apt-get install postgresql)";
const USER = "headgate";

/** A PostgreSQL of this process, on a port of its own. */
export interface Cluster {
  /** A new, empty database. */
  createDatabase(name: string): Promise<string>;
  run(tool: "pg_dump" | "pg_restore" | "psql", args: readonly string[]): Promise<string>;
  /** As after a crash of the machine. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const bin = await binFolder();
  const folder = await mkdtemp(join(tmpdir(), "headgate-postgres-"));
  const data = join(folder, "data");
  const { postgres: port } = await freePorts("postgres");
  await owned(folder);
  await asOwner(join(bin, "initdb"), ["-D", data, "-U", USER, "-A", "trust", "-N", "-E", "UTF8"]);
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c max_connections=60`;
  const control = (args: readonly string[]) =>
    asOwner(join(bin, "pg_ctl"), ["-D", data, "-w", "-t", "60", ...args]);
  const start = async () => {
    await control(["start", "-l", join(folder, "log"), "-o", options]);
  };
  await start();
  const address = ["-h", "127.0.0.1", "-p", String(port), "-U", USER];
  return {
    async createDatabase(name) {
      await execute(join(bin, "createdb"), [...address, name]);
      return `postgres://${USER}@127.0.0.1:${port}/${name}`;
    },
    async run(tool, args) {
      const { stdout } = await execute(join(bin, tool), [...address, ...args], {
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    },
    async crash() {
      await control(["stop", "-m", "immediate"]);
    },
    start,
    async stop() {
      await control(["stop", "-m", "immediate"]).catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function binFolder(): Promise<string> {
  const root = "/usr/lib/postgresql";
  const versions = await readdir(root).catch(() => []);
  const newest = versions.toSorted((a, b) => Number(a) - Number(b)).at(-1);
  if (newest === undefined) throw new Error(REMEDY);
  return join(root, newest, "bin");
}

/** PostgreSQL does not run as root: the user that its package made does it then. */
const isRoot = process.getuid?.() === 0;

async function owned(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  if (isRoot) await execute("chown", ["postgres", folder]);
}

async function asOwner(program: string, args: readonly string[]): Promise<void> {
  const [command, given] = isRoot
    ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, ...args]]
    : [program, args];
  await execute(command, [...given], { cwd: "/" });
}
