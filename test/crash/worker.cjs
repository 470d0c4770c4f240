// One life of a query: tells when it reads and when it has committed, until it is killed.
const { startQuery } = require("headgate");

startQuery(JSON.parse(process.env.QUERY), {
  onStreamingBatch: (batch) => console.log(`batch ${batch.batchId}`),
}).then((query) => {
  console.log("started");
  return query.awaitTermination();
});
