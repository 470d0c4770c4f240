import type { Certificates } from "./certificates.ts";

export interface BrokerPorts {
  plain: number;
  sasl: number;
  saslTls: number;
  mutualTls: number;
  controller: number;
}

/** The only account of the listeners with SASL, known to every mechanism. */
export const saslUser = { username: "headgate", password: "correct-horse" } as const;

export const scramMechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;

const LOGIN = "org.apache.kafka.common.security";
const PLAIN_LOGIN = `${LOGIN}.plain.PlainLoginModule required user_${saslUser.username}="${saslUser.password}";`;
const SCRAM_LOGIN = `${LOGIN}.scram.ScramLoginModule required;`;

/** `server.properties` of one node that is broker and controller, on loopback only. */
export function serverProperties(
  ports: BrokerPorts,
  dataFolder: string,
  certificates?: Certificates,
  settings: Record<string, string> = {},
): string {
  const open = [
    ["PLAIN", "PLAINTEXT", ports.plain],
    ["SASL", "SASL_PLAINTEXT", ports.sasl],
    ...(certificates
      ? [
          ["SASLTLS", "SASL_SSL", ports.saslTls],
          ["MTLS", "SSL", ports.mutualTls],
        ]
      : []),
  ] as const;
  const addresses = open.map(([name, , port]) => `${name}://127.0.0.1:${port}`);
  const protocols = open.map(([name, protocol]) => `${name}:${protocol}`);
  const lines = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${ports.controller}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAIN",
    listeners: [...addresses, `CONTROLLER://127.0.0.1:${ports.controller}`].join(","),
    "advertised.listeners": addresses.join(","),
    "listener.security.protocol.map": [...protocols, "CONTROLLER:PLAINTEXT"].join(","),
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl.plain.sasl.jaas.config": PLAIN_LOGIN,
    ...(certificates && tls(certificates)),
    "log.dirs": dataFolder,
    "log.retention.hours": -1,
    // Compaction as soon as a topic's own settings allow it, in memory that suits a test.
    "log.cleaner.backoff.ms": 100,
    "log.cleaner.dedupe.buffer.size": 4 << 20,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "auto.create.topics.enable": false,
    // One replica and one partition of every internal topic: there is one node.
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    // With KIP-848 the brokers, not the members, say how long a silent one is waited for.
    "group.consumer.session.timeout.ms": 6_000,
    "group.consumer.min.session.timeout.ms": 6_000,
    "group.consumer.heartbeat.interval.ms": 1_000,
    "group.consumer.min.heartbeat.interval.ms": 1_000,
    ...settings,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

function tls({ authority, serverKeystore }: Certificates): Record<string, string> {
  const scram = scramMechanisms.map((mechanism) => [
    `listener.name.sasltls.${mechanism.toLowerCase()}.sasl.jaas.config`,
    SCRAM_LOGIN,
  ]);
  return {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": serverKeystore,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": authority,
    "listener.name.mtls.ssl.client.auth": "required",
    "listener.name.sasltls.sasl.enabled.mechanisms": ["PLAIN", ...scramMechanisms].join(","),
    "listener.name.sasltls.plain.sasl.jaas.config": PLAIN_LOGIN,
    ...Object.fromEntries(scram),
  };
}
