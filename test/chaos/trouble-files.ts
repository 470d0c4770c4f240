const folder = "test/integration";

/** What Kafka does by itself: beside the broker's restarts, which are a scenario. */
export const kafkaTrouble: readonly string[] = [
  `${folder}/transactions.test.ts`,
  `${folder}/compaction.test.ts`,
  `${folder}/retention.test.ts`,
  `${folder}/topic-recreated.test.ts`,
  // Partitions that are added, while a query runs and between two runs.
  `${folder}/starting-offsets.test.ts`,
  `${folder}/latest.test.ts`,
  `${folder}/large-messages.test.ts`,
  `${folder}/compression.test.ts`,
  // SASL_SSL with PLAIN and SCRAM, and mTLS.
  `${folder}/security.test.ts`,
];

/** What a store or a disk does that ends a query, or is rare. */
export const storageTrouble: readonly string[] = [
  `${folder}/object-store/faults.test.ts`,
  `${folder}/object-store/lost-replies.test.ts`,
  `${folder}/object-store/conditional-put.test.ts`,
  `${folder}/object-store/credentials.test.ts`,
  `${folder}/object-store/uploads.test.ts`,
  `${folder}/full-disk.test.ts`,
];
