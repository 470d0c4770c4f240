//! Gives the client its bootstrap servers again when it has forgotten every broker.
//!
//! A broker that comes back may answer before it counts as alive: with the topic, but no broker.
//! librdkafka then drops all it knows, and may never look at its bootstrap servers again
//! (confluentinc/librdkafka#5301).
//!
//! `unsafe`: rdkafka has no binding of its own for `rd_kafka_brokers_add`. What keeps it sound: the
//! client is alive, and the text is copied by the call.
#![allow(unsafe_code)]

use std::ffi::CString;

use rdkafka::bindings as native;
use rdkafka::consumer::Consumer;

use crate::context::SourceConsumer;

pub(crate) fn add_servers(consumer: &SourceConsumer, servers: &str) {
    // Servers with a NUL were refused when the client was made.
    let Ok(list) = CString::new(servers) else { return };
    // SAFETY: as the module says.
    let added =
        unsafe { native::rd_kafka_brokers_add(consumer.client().native_ptr(), list.as_ptr()) };
    tracing::warn!(target: "kafka", added, "every broker was forgotten; bootstrap servers again");
}
