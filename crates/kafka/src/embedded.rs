//! A broker inside this process, for tests and for trying things out.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

use crate::fault::KafkaFault;

/// librdkafka's mock cluster of one broker on a free local port. Holds 5 MiB or 100,000 batches a
/// partition, in memory; older ones are dropped. Stops when dropped.
pub struct EmbeddedBroker {
    bootstrap_servers: String,
    requests: Option<Sender<Request>>,
    /// The cluster stays on the thread that made it.
    thread: Option<JoinHandle<()>>,
}

struct Request {
    topic: String,
    partitions: i32,
    reply: Sender<Result<(), KafkaError>>,
}

type Cluster = MockCluster<'static, DefaultProducerContext>;

impl EmbeddedBroker {
    /// With these topics and their numbers of partitions.
    pub fn start(topics: &[(&str, i32)]) -> Result<Self, KafkaFault> {
        let (ready, readiness) = channel();
        let (requests, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("headgate-broker".to_owned())
            .spawn(move || match MockCluster::new(1) {
                Ok(cluster) => {
                    // Without a listener the requests end at once.
                    let _ = ready.send(Ok(cluster.bootstrap_servers()));
                    serve(&cluster, &queue);
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            })
            .map_err(|error| failed(&error))?;
        let started = readiness.recv().map_err(|error| failed(&error))?;
        let bootstrap_servers = started.map_err(|error| failed(&error))?;
        let broker = Self { bootstrap_servers, requests: Some(requests), thread: Some(thread) };
        for (topic, partitions) in topics {
            broker.create_topic(topic, *partitions)?;
        }
        Ok(broker)
    }

    /// `host:port`
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// Producing to an unknown topic creates it too, with the producer's consent.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), KafkaFault> {
        let (reply, answer) = channel();
        let request = Request { topic: topic.to_owned(), partitions, reply };
        if let Some(requests) = &self.requests {
            requests.send(request).map_err(|error| failed(&error))?;
        }
        let created = answer.recv().map_err(|error| failed(&error))?;
        created.map_err(|error| failed(&error))
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // It ends with the channel; a panic there has nobody to go to.
            let _ = thread.join();
        }
    }
}

fn serve(cluster: &Cluster, requests: &Receiver<Request>) {
    for Request { topic, partitions, reply } in requests {
        // Whoever asked may have given up.
        let _ = reply.send(cluster.create_topic(&topic, partitions, 1));
    }
}

fn failed(error: &dyn std::error::Error) -> KafkaFault {
    KafkaFault::Client { operation: "run an embedded broker", reason: error.to_string() }
}
