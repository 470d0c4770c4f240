export const SERVE_HELP = `
Settings (a file's key; its variable is HEADGATE_SERVE_<KEY>; lists are separated by commas there):
  host                127.0.0.1            address to listen on; any but loopback needs tokens
  port                8043                 0 takes a free one; the URL is the one line on standard output
  store               ./headgate-governance  a folder for the embedded database, or postgres://user@host/db
  token_file          none                 lines of: <name> <scopes> <token>; scopes: read, write or read,write
  tokens              none                 in a file only: [{ name, scopes: [read, write], sha256 }]
  allowed_hosts       any with tokens      names by which clients may call it; loopback's always
  allowed_origins     none                 pages that may call it: https://console.example
  lakes               none                 output tables whose logs are read: table, or dataset=table
  contracts           none                 ODCS documents, or folders of them, to put at the start
  poll_ms             2000                 between looks for new commits of a lake
  max_body_bytes      4194304              of a request
  max_connections     1000
  request_timeout_ms  30000
  stop_timeout_ms     10000                for requests that run when a signal comes
  log_level           info                 debug, info, warn, error
Of a setting that is given several times the command line holds, then the environment, then the file.

Where it answers: /health, /ready and /openapi.json to everybody; /v1/... with cursors; the other paths speak the
protocol of dc43 0.42; OpenLineage events are taken at /api/v1/lineage. Logs are JSON lines on standard error, without
anything that was sent. Traces and metrics go to OpenTelemetry where its API is installed and set up.

SIGINT or SIGTERM: no new requests, those that run may end, then the database is closed. Migrations run at the start;
several services may start on one database at once.

Example:
  echo "gate read,write $(openssl rand -hex 32)" > tokens
  headgate serve --host 0.0.0.0 --store postgres://headgate@db/governance --token-file tokens
  headgate serve --lake rides.pings=s3://lake/pings --contracts contracts`;
