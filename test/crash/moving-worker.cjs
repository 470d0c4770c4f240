// A query that moves to the newest version of its contract at SIGUSR2, until it is killed.
const { startQuery } = require("headgate");

startQuery(JSON.parse(process.env.QUERY), {
  onStreamingBatch: (batch) => console.log(`batch ${batch.batchId}`),
}).then((query) => {
  process.on("SIGUSR2", async () => {
    console.log("moving");
    const { to } = await query.updateContract();
    console.log(`moved to ${to.version}`);
  });
  console.log("started");
  return query.awaitTermination();
});
