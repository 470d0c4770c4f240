import { expect, inject, test } from "vitest";
import { headgate } from "../support/cli.ts";
import { runFile } from "../support/config-file.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import type { Identity } from "../support/kafka/certificates.ts";
import { saslUser, scramMechanisms } from "../support/kafka/properties.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { runToEnd, splitEvents, temporaryLake } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");
const saslServers = inject("saslServers");
const saslTlsServers = inject("saslTlsServers");
const mutualTlsServers = inject("mutualTlsServers");
const { authority, client, stranger } = inject("certificates");
const WRONG_PASSWORD = "hunter2-wrong";

type Options = Record<string, string | undefined>;

const sasl = (mechanism: string, password: string = saslUser.password): Options => ({
  "kafka.security.protocol": "SASL_SSL",
  "kafka.ssl.ca.location": authority,
  "kafka.sasl.mechanism": mechanism,
  "kafka.sasl.username": saslUser.username,
  "kafka.sasl.password": password,
});

const mutual = ({ certificate, key }: Partial<Identity>, trusted = authority): Options => ({
  "kafka.security.protocol": "SSL",
  "kafka.ssl.ca.location": trusted,
  "kafka.ssl.certificate.location": certificate,
  "kafka.ssl.key.location": key,
});

test.each([
  ...["PLAIN", ...scramMechanisms].map(
    (mechanism) => [`SASL_SSL with ${mechanism}`, saslTlsServers, sasl(mechanism)] as const,
  ),
  ["mTLS", mutualTlsServers, mutual(client)] as const,
])("%s: right credentials read everything", async (_, servers, options) => {
  const topic = await createTopic(bootstrapServers, 2);
  const produced = await produce(bootstrapServers, topic, records(400, { partitions: 2 }));
  const lake = await temporaryLake();
  await runToEnd(splitEvents(servers, topic, lake, options));
  expect(await differences(lake, produced, destinationOf)).toEqual([]);
  expect(await headgate("verify", lake.output)).toMatchObject({ status: 0 });
});

/** The one error that `headgate run` ends with; the password is in nothing that it printed. */
async function errorOf(servers: string, options: Options, password: string = saslUser.password) {
  const topic = await createTopic(bootstrapServers, 1);
  // A connection that fails is tried again for so long.
  const given = { "kafka.socket.connection.setup.timeout.ms": "2000", ...options };
  const process = await runFile(splitEvents(servers, topic, await temporaryLake(), given));
  const { status, stdout, stderr } = await process.ended;
  const told = `${stdout}\n${stderr}`;
  expect(status).toBe(1);
  expect(told).not.toContain(password);
  const errors = told.split("\n").filter((line) => line.includes('"event":"error"'));
  expect(errors).toHaveLength(1);
  return JSON.parse(errors[0] ?? "null");
}

const refused = (actual: RegExp, details: string) => ({
  code: "KAFKA_AUTH",
  retryable: false,
  context: {
    actual: expect.stringMatching(actual),
    details: expect.stringContaining(details),
  },
});

test.each(["PLAIN", ...scramMechanisms])(
  "SASL_SSL with %s: a wrong password is one error that names authentication, never the password",
  async (mechanism) => {
    const error = await errorOf(saslTlsServers, sasl(mechanism, WRONG_PASSWORD), WRONG_PASSWORD);
    expect(error).toMatchObject(refused(/authentication failed/i, "kafka.sasl."));
  },
);

test("a mechanism that the broker does not have is one error that names those it has", async () => {
  const options = { ...sasl("SCRAM-SHA-256"), "kafka.security.protocol": "SASL_PLAINTEXT" };
  expect(await errorOf(saslServers, options)).toMatchObject(refused(/\bPLAIN\b/, "kafka.sasl."));
});

test("a mechanism that no build of the client has is one error that names it", async () => {
  const error = await errorOf(saslTlsServers, sasl("GSSAPI"));
  expect(error.context.details).toContain("GSSAPI");
  expect(error).toMatchObject({ retryable: false });
});

test("a broker's certificate that no trusted authority signed is one error that names the setting", async () => {
  const options = { ...sasl("PLAIN"), "kafka.ssl.ca.location": stranger.authority };
  expect(await errorOf(saslTlsServers, options)).toMatchObject(
    refused(/certificate verify failed/, "kafka.ssl."),
  );
});

test.each([
  ["that the broker does not trust", mutual(stranger.client)],
  ["that is absent", mutual({})],
])("a client's certificate %s is one error that names the setting", async (_, options) => {
  expect(await errorOf(mutualTlsServers, options)).toMatchObject(
    refused(/certificate/, "kafka.ssl."),
  );
});

test("plain text to a listener with TLS is one error that names the setting", async () => {
  const error = await errorOf(mutualTlsServers, { "kafka.security.protocol": "PLAINTEXT" });
  expect(error.context.details).toContain("security.protocol");
});
