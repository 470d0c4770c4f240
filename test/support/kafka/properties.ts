export interface BrokerPorts {
  plain: number;
  sasl: number;
  controller: number;
}

/** The only account of the SASL listener. */
export const saslUser = { username: "headgate", password: "correct-horse" } as const;

/** `server.properties` of one node that is broker and controller, on loopback only. */
export function serverProperties(ports: BrokerPorts, dataFolder: string): string {
  const login = "org.apache.kafka.common.security.plain.PlainLoginModule";
  const lines = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${ports.controller}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAIN",
    listeners: [
      `PLAIN://127.0.0.1:${ports.plain}`,
      `SASL://127.0.0.1:${ports.sasl}`,
      `CONTROLLER://127.0.0.1:${ports.controller}`,
    ].join(","),
    "advertised.listeners": `PLAIN://127.0.0.1:${ports.plain},SASL://127.0.0.1:${ports.sasl}`,
    "listener.security.protocol.map": "PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl.plain.sasl.jaas.config": `${login} required user_${saslUser.username}="${saslUser.password}";`,
    "log.dirs": dataFolder,
    "log.retention.hours": -1,
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
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}
