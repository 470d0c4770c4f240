use headgate::{EmbeddedBroker, Failure};
use headgate_model::BoxFault;
use napi_derive::napi;

use crate::failure::NativeFailure;

#[napi(object)]
pub struct NativeTopic {
    pub name: String,
    pub partitions: i32,
}

/// A Kafka-protocol broker inside this process, for tests and demonstrations.
#[napi]
pub struct NativeEmbeddedBroker {
    broker: Option<EmbeddedBroker>,
    bootstrap_servers: String,
}

#[napi(object, object_from_js = false)]
pub struct NativeBrokerStarted {
    pub broker: Option<NativeEmbeddedBroker>,
    pub failure: Option<NativeFailure>,
}

#[napi]
impl NativeEmbeddedBroker {
    #[napi]
    pub fn start(topics: Vec<NativeTopic>) -> NativeBrokerStarted {
        let topics: Vec<(&str, i32)> =
            topics.iter().map(|topic| (topic.name.as_str(), topic.partitions)).collect();
        match EmbeddedBroker::start(&topics) {
            Ok(broker) => {
                let bootstrap_servers = broker.bootstrap_servers().to_owned();
                let broker = Self { broker: Some(broker), bootstrap_servers };
                NativeBrokerStarted { broker: Some(broker), failure: None }
            }
            Err(fault) => {
                let failure = Failure::of(&BoxFault::from(fault), None);
                NativeBrokerStarted { broker: None, failure: Some(failure.into()) }
            }
        }
    }

    #[napi(getter)]
    pub fn bootstrap_servers(&self) -> String {
        self.bootstrap_servers.clone()
    }

    /// Ends it; clients see a broken connection.
    #[napi]
    pub fn close(&mut self) {
        self.broker.take();
    }
}
