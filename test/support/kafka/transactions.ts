import { client, type Outgoing } from "./topics.ts";

/** Produces in one transaction, which is then committed or aborted. */
export async function transact(
  bootstrapServers: string,
  topic: string,
  records: readonly Outgoing[],
  outcome: "commit" | "abort",
): Promise<void> {
  const producer = client(bootstrapServers).producer({
    transactionalId: `test-${topic}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    const messages = records.map(({ value, partition = 0 }) => ({ value, partition }));
    await transaction.send({ topic, messages });
    await transaction[outcome]();
  } finally {
    await producer.disconnect();
  }
}
