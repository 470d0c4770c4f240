// A worker of a query whose observer is a service: what it is told goes there, or it throws.
const { startQuery } = require("headgate");

const { QUERY, SERVICE } = process.env;

const observer = {
  name: "service",
  tell: async (batch) => {
    const headers = { "content-type": "application/json", "x-worker": String(process.pid) };
    const body = JSON.stringify(batch);
    const { status } = await fetch(SERVICE, { method: "POST", headers, body });
    if (status !== 200) throw new Error(`the service answered ${status}`);
  },
};

const quiet = () => {};
const logger = { level: "error", debug: quiet, info: quiet, warn: quiet, error: console.error };

startQuery(JSON.parse(QUERY), { observers: [observer], logger }).then((query) => {
  console.log("started");
  process.once("SIGTERM", () => query.stop());
  return query.awaitTermination();
});
