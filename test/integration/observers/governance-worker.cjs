// A worker of a query that tells a governance service of its batches; with STRICT, a batch of bad
// rows alone is blocked.
const { startQuery } = require("headgate");
const { governanceObserver, httpGovernance } = require("headgate/governance");

const { QUERY, SERVICE, DATASET, STRICT } = process.env;

const { governance } = httpGovernance({ baseUrl: SERVICE, timeoutMs: 2_000 });
const contract = { contractId: "events" };
const observers = [governanceObserver(governance, { dataset: DATASET, contract })];
const intervention = ({ violationRatio }) =>
  violationRatio === 1 ? { action: "block", reason: "nothing but bad rows" } : null;

const quiet = () => {};
const warn = ({ observer }) => observer === undefined || console.log("not told");
const logger = { level: "warn", debug: quiet, info: quiet, warn, error: quiet };
const hooks = { observers, logger, ...(STRICT === undefined ? {} : { intervention }) };

startQuery(JSON.parse(QUERY), hooks)
  .then((query) => {
    console.log("started");
    process.once("SIGTERM", () => query.stop());
    return query.awaitTermination();
  })
  .catch((error) => {
    console.error(error.code);
    process.exitCode = 1;
  });
