import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runTool } from "../command.ts";

const OPENSSL_REMEDY = "it makes the certificates of tests (Debian: apt-get install openssl)";

/** An identity as two PEM files. */
export interface Identity {
  certificate: string;
  key: string;
}

/** PEM files of one authority and those it vouches for, and of a stranger that nobody trusts. */
export interface Certificates {
  authority: string;
  /** Key and certificate in one file, as Kafka takes them. */
  serverKeystore: string;
  client: Identity;
  stranger: { authority: string; client: Identity };
}

export async function makeCertificates(folder: string): Promise<Certificates> {
  const [known, unknown] = await Promise.all([
    makeAuthority(folder, "authority"),
    makeAuthority(folder, "stranger"),
  ]);
  const [server, client, strangeClient] = await Promise.all([
    sign(folder, "server", known),
    sign(folder, "client", known),
    sign(folder, "strange-client", unknown),
  ]);
  const serverKeystore = join(folder, "server.pem");
  await writeFile(
    serverKeystore,
    (await readFile(server.key, "utf8")) + (await readFile(server.certificate, "utf8")),
  );
  return {
    authority: known.certificate,
    serverKeystore,
    client,
    stranger: { authority: unknown.certificate, client: strangeClient },
  };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

async function makeAuthority(folder: string, name: string): Promise<Identity> {
  const made = identity(folder, name);
  await openssl([
    ...["req", "-x509", ...NEW_KEY, "-days", "2", "-subj", `/CN=headgate ${name}`],
    ...["-keyout", made.key, "-out", made.certificate],
  ]);
  return made;
}

async function sign(folder: string, name: string, authority: Identity): Promise<Identity> {
  const made = identity(folder, name);
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  await writeFile(extensions, "subjectAltName=IP:127.0.0.1\n");
  await openssl(["req", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", made.key, "-out", request]);
  await openssl([
    ...["x509", "-req", "-in", request, "-days", "2", "-extfile", extensions],
    ...["-CA", authority.certificate, "-CAkey", authority.key],
    ...["-set_serial", `0x${randomBytes(8).toString("hex")}`, "-out", made.certificate],
  ]);
  return made;
}

function identity(folder: string, name: string): Identity {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

async function openssl(args: readonly string[]): Promise<void> {
  await runTool("openssl", args, OPENSSL_REMEDY);
}
