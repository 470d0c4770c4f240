//! What the brokers say about topics: ids, partitions, errors.
//!
//! `unsafe`: rdkafka has no binding of its own for `DescribeTopics`, the only request that tells
//! topic ids. What keeps it sound: a query holds its consumer alive and owns the queue that the
//! answer comes to; everything is copied out of the answer before it is destroyed.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as native;
use rdkafka::consumer::Consumer;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use crate::context::SourceConsumer;

/// Of brokers that know no topic ids.
pub(crate) const NO_TOPIC_ID: &str = "-";

#[derive(Clone, Debug)]
pub(crate) struct TopicFacts {
    pub name: Arc<str>,
    /// As Kafka's tools print it: URL-safe base64 without padding, or [`NO_TOPIC_ID`].
    pub id: Arc<str>,
    pub partitions: Vec<i32>,
    pub error: Option<RDKafkaErrorCode>,
}

pub(crate) type TopicAnswer = Result<Vec<TopicFacts>, RDKafkaErrorCode>;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// librdkafka follows it wherever it goes.
    Controller,
    /// Where the controller named is none of the brokers, as with some proxies and mocks.
    Broker(i32),
}

impl Route {
    /// Right for these brokers, once the client has metadata.
    pub(crate) fn among(consumer: &SourceConsumer, brokers: &[i32]) -> Self {
        // SAFETY: the client is alive; without a wait this only reads what it knows.
        let controller =
            unsafe { native::rd_kafka_controllerid(consumer.client().native_ptr(), 0) };
        match brokers.first() {
            Some(first) if !brokers.contains(&controller) => Self::Broker(*first),
            _ => Self::Controller,
        }
    }
}

/// A question about topics that was sent; the answer is polled for.
pub(crate) struct TopicQuery {
    queue: *mut native::rd_kafka_queue_t,
    _consumer: Arc<SourceConsumer>,
}

impl TopicQuery {
    /// `topics`: distinct names. The answer comes within `timeout`, an error at the latest.
    pub(crate) fn send<'t>(
        consumer: &Arc<SourceConsumer>,
        topics: impl IntoIterator<Item = &'t str>,
        route: Route,
        timeout: Duration,
    ) -> Self {
        // A name with a NUL cannot exist; leaving it out makes it unknown.
        let names: Vec<_> = topics.into_iter().filter_map(|name| CString::new(name).ok()).collect();
        let mut pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
        let client = consumer.client().native_ptr();
        let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the client is alive; names outlive the call, which copies them; collection and
        // options are destroyed here, after it.
        let queue = unsafe {
            let queue = native::rd_kafka_queue_new(client);
            let topics = native::rd_kafka_TopicCollection_of_topic_names(
                pointers.as_mut_ptr(),
                pointers.len(),
            );
            let options = native::rd_kafka_AdminOptions_new(
                client,
                native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            );
            let no_text = ptr::null_mut();
            native::rd_kafka_AdminOptions_set_request_timeout(options, timeout, no_text, 0);
            if let Route::Broker(id) = route {
                native::rd_kafka_AdminOptions_set_broker(options, id, no_text, 0);
            }
            native::rd_kafka_DescribeTopics(client, topics, options, queue);
            native::rd_kafka_AdminOptions_destroy(options);
            native::rd_kafka_TopicCollection_destroy(topics);
            queue
        };
        Self { queue, _consumer: Arc::clone(consumer) }
    }

    /// `None`: no answer within `wait`. An answer comes once.
    pub(crate) fn poll(&self, wait: Duration) -> Option<TopicAnswer> {
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is ours; the event is read while it lives and destroyed once.
        unsafe {
            let event = native::rd_kafka_queue_poll(self.queue, wait);
            if event.is_null() {
                return None;
            }
            let answer = read(event);
            native::rd_kafka_event_destroy(event);
            Some(answer)
        }
    }
}

impl Drop for TopicQuery {
    fn drop(&mut self) {
        // SAFETY: made in `send`, destroyed once; a late answer goes nowhere.
        unsafe { native::rd_kafka_queue_destroy(self.queue) };
    }
}

/// # Safety
/// `event` is alive.
unsafe fn read(event: *mut native::rd_kafka_event_t) -> TopicAnswer {
    // SAFETY: by the caller; every pointer read here belongs to the event.
    unsafe {
        let error = native::rd_kafka_event_error(event);
        if error != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(error.into());
        }
        let result = native::rd_kafka_event_DescribeTopics_result(event);
        if result.is_null() {
            return Err(RDKafkaErrorCode::InvalidType);
        }
        let mut len = 0;
        let topics = native::rd_kafka_DescribeTopics_result_topics(result, &mut len);
        Ok(slice(topics, len).iter().map(|topic| facts(*topic)).collect())
    }
}

/// # Safety
/// `topic` is alive.
unsafe fn facts(topic: *const native::rd_kafka_TopicDescription_t) -> TopicFacts {
    // SAFETY: by the caller; all that is returned is copied.
    unsafe {
        let name = CStr::from_ptr(native::rd_kafka_TopicDescription_name(topic)).to_string_lossy();
        let error = native::rd_kafka_TopicDescription_error(topic);
        let error = match error.is_null() {
            true => RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR,
            false => native::rd_kafka_error_code(error),
        };
        let failed = error != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
        let mut len = 0;
        let partitions = match failed {
            true => ptr::null_mut(),
            false => native::rd_kafka_TopicDescription_partitions(topic, &mut len),
        };
        let partitions = slice(partitions, len).iter();
        let number = |one: &*const _| native::rd_kafka_TopicPartitionInfo_partition(*one);
        TopicFacts {
            name: name.as_ref().into(),
            id: id(native::rd_kafka_TopicDescription_topic_id(topic)),
            partitions: partitions.map(number).collect(),
            error: failed.then(|| error.into()),
        }
    }
}

/// # Safety
/// `uuid` is null or alive.
unsafe fn id(uuid: *const native::rd_kafka_Uuid_t) -> Arc<str> {
    // SAFETY: by the caller; the text belongs to the uuid and is copied.
    unsafe {
        let zero = uuid.is_null()
            || (native::rd_kafka_Uuid_least_significant_bits(uuid) == 0
                && native::rd_kafka_Uuid_most_significant_bits(uuid) == 0);
        let text = if zero { ptr::null() } else { native::rd_kafka_Uuid_base64str(uuid) };
        if text.is_null() {
            return NO_TOPIC_ID.into();
        }
        CStr::from_ptr(text).to_string_lossy().replace('+', "-").replace('/', "_").into()
    }
}

/// # Safety
/// `start` is null or points to `len` elements that live for `'a`.
unsafe fn slice<'a, T>(start: *mut T, len: usize) -> &'a [T] {
    if start.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: by the caller.
    unsafe { std::slice::from_raw_parts(start, len) }
}
