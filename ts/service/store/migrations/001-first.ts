import type { Migration } from "../migrate.js";

/** Times are milliseconds since 1970 in UTC; documents are JSON. */
export const first: Migration = {
  number: 1,
  name: "first",
  statements: ({ text, serial }) => [
    `CREATE TABLE documents (
      kind ${text} NOT NULL,
      id ${text} NOT NULL,
      version ${text} NOT NULL,
      hash ${text} NOT NULL,
      document ${text} NOT NULL,
      recorded_ms BIGINT NOT NULL,
      PRIMARY KEY (kind, id, version)
    )`,

    `CREATE TABLE datasets (
      id ${serial},
      name ${text} NOT NULL UNIQUE,
      told_ms BIGINT NOT NULL
    )`,

    // How often a dataset was judged under a contract, and how that came out.
    `CREATE TABLE uses (
      id ${serial},
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      contract_id ${text} NOT NULL,
      contract_version ${text} NOT NULL,
      num_ok BIGINT NOT NULL DEFAULT 0,
      num_warn BIGINT NOT NULL DEFAULT 0,
      num_block BIGINT NOT NULL DEFAULT 0,
      num_idle BIGINT NOT NULL DEFAULT 0,
      num_unknown BIGINT NOT NULL DEFAULT 0,
      last_ms BIGINT,
      UNIQUE (dataset, contract_id, contract_version)
    )`,
    "CREATE INDEX uses_by_contract ON uses (contract_id, contract_version, dataset)",

    // A dataset version under a contract; its verdict is the newest of its worst.
    `CREATE TABLE versions (
      id ${serial},
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      use_id BIGINT NOT NULL REFERENCES uses (id),
      version ${text} NOT NULL,
      worst_batch BIGINT,
      worst_rank INTEGER NOT NULL DEFAULT -1,
      UNIQUE (dataset, version, use_id)
    )`,
    "CREATE INDEX versions_in_order ON versions (dataset, id)",
    "CREATE INDEX versions_by_rank ON versions (dataset, worst_rank, id)",

    `CREATE TABLE snapshots (
      id ${serial},
      hash ${text} NOT NULL UNIQUE,
      document ${text} NOT NULL
    )`,

    // One row a verdict: a micro-batch, or whatever else was judged.
    `CREATE TABLE batches (
      id ${serial},
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      version_id BIGINT NOT NULL REFERENCES versions (id),
      use_id BIGINT NOT NULL REFERENCES uses (id),
      key ${text},
      happened_ms BIGINT NOT NULL,
      recorded_ms BIGINT NOT NULL,
      source ${text} NOT NULL,
      operation ${text} NOT NULL,
      status ${text} NOT NULL,
      violations BIGINT NOT NULL,
      row_count BIGINT,
      batch_id BIGINT,
      batch_uuid ${text},
      query ${text},
      incarnation ${text},
      contract_hash ${text},
      intervention ${text},
      pipeline ${text},
      reused INTEGER NOT NULL,
      validation ${text} NOT NULL,
      snapshot BIGINT REFERENCES snapshots (id),
      counts ${text},
      links ${text},
      UNIQUE (dataset, key)
    )`,
    "CREATE INDEX batches_in_time ON batches (dataset, happened_ms, id)",
    "CREATE INDEX batches_by_status ON batches (dataset, status, happened_ms, id)",
    "CREATE INDEX batches_by_use ON batches (use_id, happened_ms, id)",
    "CREATE INDEX batches_by_query ON batches (dataset, query, happened_ms, id)",
    "CREATE INDEX batches_by_version ON batches (version_id, happened_ms, id)",
    "CREATE INDEX batches_in_order ON batches (dataset, id)",

    `CREATE TABLE metrics (
      dataset BIGINT NOT NULL,
      metric ${text} NOT NULL,
      happened_ms BIGINT NOT NULL,
      batch BIGINT NOT NULL REFERENCES batches (id),
      value DOUBLE PRECISION NOT NULL,
      PRIMARY KEY (dataset, metric, happened_ms, batch)
    )`,

    // Who registered what of a dataset version.
    `CREATE TABLE activity (
      id ${serial},
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      version_id BIGINT NOT NULL REFERENCES versions (id),
      key ${text},
      recorded_ms BIGINT NOT NULL,
      operation ${text} NOT NULL,
      pipeline ${text},
      reused INTEGER NOT NULL,
      validation ${text},
      UNIQUE (dataset, key)
    )`,
    "CREATE INDEX activity_in_order ON activity (dataset, id)",
    "CREATE INDEX activity_by_version ON activity (version_id, id)",

    `CREATE TABLE links (
      id ${serial},
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      version ${text} NOT NULL,
      contract_id ${text} NOT NULL,
      contract_version ${text} NOT NULL,
      key ${text},
      recorded_ms BIGINT NOT NULL,
      UNIQUE (dataset, key)
    )`,
    "CREATE INDEX links_in_order ON links (dataset, id)",
    "CREATE INDEX links_by_version ON links (dataset, version, id)",
    "CREATE INDEX links_by_contract ON links (contract_id, contract_version, id)",

    `CREATE TABLE releases (
      id ${serial},
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      key ${text},
      blocked_batch_id BIGINT,
      batch_id BIGINT,
      released_by ${text} NOT NULL,
      reason ${text},
      happened_ms BIGINT NOT NULL,
      source ${text} NOT NULL,
      UNIQUE (dataset, key)
    )`,
    "CREATE INDEX releases_in_order ON releases (dataset, id)",
    "CREATE INDEX releases_by_block ON releases (dataset, blocked_batch_id)",

    `CREATE TABLE lineage_events (
      id ${serial},
      key ${text} UNIQUE,
      event_type ${text},
      happened_ms BIGINT NOT NULL,
      recorded_ms BIGINT NOT NULL,
      run_id ${text},
      job_namespace ${text},
      job_name ${text},
      event ${text} NOT NULL
    )`,
    "CREATE INDEX lineage_events_by_job ON lineage_events (job_namespace, job_name, id)",

    // What an event is about, under the name by which governance knows it.
    `CREATE TABLE lineage_subjects (
      dataset BIGINT NOT NULL REFERENCES datasets (id),
      event BIGINT NOT NULL REFERENCES lineage_events (id),
      version ${text},
      PRIMARY KEY (dataset, event)
    )`,

    `CREATE TABLE lineage_edges (
      id ${serial},
      from_namespace ${text} NOT NULL,
      from_name ${text} NOT NULL,
      from_column ${text} NOT NULL,
      to_namespace ${text} NOT NULL,
      to_name ${text} NOT NULL,
      to_column ${text} NOT NULL,
      job_namespace ${text} NOT NULL,
      job_name ${text} NOT NULL,
      role ${text} NOT NULL,
      first_ms BIGINT NOT NULL,
      last_ms BIGINT NOT NULL
    )`,
    `CREATE UNIQUE INDEX lineage_edges_downstream ON lineage_edges
      (from_namespace, from_name, to_namespace, to_name, job_namespace, job_name, from_column, to_column)`,
    "CREATE INDEX lineage_edges_upstream ON lineage_edges (to_namespace, to_name, id)",

    // How far the log of each output table was read.
    `CREATE TABLE lakes (
      address ${text} PRIMARY KEY,
      dataset ${text} NOT NULL,
      next_version BIGINT NOT NULL,
      known ${text} NOT NULL,
      read_ms BIGINT NOT NULL
    )`,
  ],
};
