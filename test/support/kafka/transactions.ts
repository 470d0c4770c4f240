import { client, type Outgoing } from "./topics.ts";

export type Outcome = "commit" | "abort";

export interface OpenTransaction {
  send(records: readonly Outgoing[]): Promise<void>;
  /** Ends it and its producer. */
  end(outcome: Outcome): Promise<void>;
  /** Leaves it open: the end of its producer only. */
  forsake(): Promise<void>;
}

/** A transaction of this name may be on its way to its end, or its coordinator to its start. */
const PATIENCE = { retries: 30, maxRetryTime: 1_000 };

/** Begins a transaction of a producer of its own; one of the same name has ended by then. */
export async function openTransaction(
  bootstrapServers: string,
  topic: string,
  name = "test",
): Promise<OpenTransaction> {
  const producer = client(bootstrapServers, PATIENCE).producer({
    transactionalId: `${name}-${topic}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const transaction = await producer.transaction();
  return {
    async send(records) {
      const messages = records.map(({ value, key, partition = 0 }) => ({
        value,
        partition,
        key: key ?? null,
      }));
      await transaction.send({ topic, messages });
    },
    async end(outcome) {
      await transaction[outcome]();
      await producer.disconnect();
    },
    forsake: () => producer.disconnect(),
  };
}

/** Produces in one transaction, which is then committed or aborted. */
export async function transact(
  bootstrapServers: string,
  topic: string,
  records: readonly Outgoing[],
  outcome: Outcome,
): Promise<void> {
  const transaction = await openTransaction(bootstrapServers, topic);
  await transaction.send(records);
  await transaction.end(outcome);
}
