//! One queue for the records of all assigned partitions, drained in batches.
//!
//! `unsafe`: rdkafka offers one record a call, each through a shared event and two clocks.
//! librdkafka hands over a thousand a call with `rd_kafka_consume_batch_queue`, which must not run
//! on the consumer's own queue (it would answer rebalances by itself), hence a queue of our own.
//! What keeps it sound: the queue holds its consumer alive; it stays on the thread that made it
//! (raw pointers are not `Send`), so that no two batches run at once; messages live no longer than
//! the [`Batch`] that destroys them.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as native;
use rdkafka::consumer::Consumer;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use crate::context::SourceConsumer;

/// Most records that one call hands over.
pub(crate) const MAX_BATCH: usize = 1024;

pub(crate) struct FetchQueue {
    queue: *mut native::rd_kafka_queue_t,
    slots: Vec<*mut native::rd_kafka_message_t>,
    consumer: Arc<SourceConsumer>,
}

impl FetchQueue {
    pub(crate) fn new(consumer: Arc<SourceConsumer>) -> Self {
        // SAFETY: the client lives as long as `consumer`, which the new value holds.
        let queue = unsafe { native::rd_kafka_queue_new(consumer.client().native_ptr()) };
        Self { queue, slots: vec![ptr::null_mut(); MAX_BATCH], consumer }
    }

    /// Lets the partition's records come through this queue. Has to be called before each
    /// assignment of it: giving a partition up ends the forwarding. False: no such partition.
    pub(crate) fn adopt(&self, topic: &str, partition: i32) -> bool {
        let Ok(topic) = CString::new(topic) else { return false };
        let client = self.consumer.client().native_ptr();
        // SAFETY: client and own queue are alive; the partition's reference is given back.
        unsafe {
            let source = native::rd_kafka_queue_get_partition(client, topic.as_ptr(), partition);
            if source.is_null() {
                return false;
            }
            native::rd_kafka_queue_forward(source, self.queue);
            native::rd_kafka_queue_destroy(source);
        }
        true
    }

    /// Up to `max` records and errors; waits until there are that many or `wait` has passed.
    pub(crate) fn take(&mut self, max: usize, wait: Duration) -> Batch<'_> {
        let max = max.clamp(1, self.slots.len());
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: `slots` has room for `max` pointers, of which librdkafka fills those counted.
        let len = unsafe {
            let slots = self.slots.as_mut_ptr();
            native::rd_kafka_consume_batch_queue(self.queue, wait, slots, max)
        };
        Batch { messages: &self.slots[..usize::try_from(len).unwrap_or(0)] }
    }
}

impl Drop for FetchQueue {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed once, before the consumer.
        unsafe { native::rd_kafka_queue_destroy(self.queue) };
    }
}

/// Destroys its messages when dropped.
pub(crate) struct Batch<'q> {
    messages: &'q [*mut native::rd_kafka_message_t],
}

impl Batch<'_> {
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Message<'_>> {
        // SAFETY: librdkafka filled these pointers; they stay valid until `drop`.
        self.messages.iter().map(|message| Message(unsafe { &**message }))
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for message in self.messages {
            // SAFETY: each was handed over to us once and is borrowed no more.
            unsafe { native::rd_kafka_message_destroy(*message) };
        }
    }
}

/// A record, or an error of a partition.
#[derive(Clone, Copy)]
pub(crate) struct Message<'b>(&'b native::rd_kafka_message_t);

impl<'b> Message<'b> {
    /// Tells the topic apart as long as its partitions are assigned; 0 if there is none.
    pub(crate) fn topic_handle(self) -> usize {
        self.0.rkt as usize
    }

    pub(crate) fn topic(self) -> &'b str {
        if self.0.rkt.is_null() {
            return "";
        }
        // SAFETY: the message holds its topic, whose name is never changed.
        unsafe { text(native::rd_kafka_topic_name(self.0.rkt)) }
    }

    pub(crate) fn partition(self) -> i32 {
        self.0.partition
    }

    pub(crate) fn offset(self) -> i64 {
        self.0.offset
    }

    pub(crate) fn error(self) -> Option<RDKafkaErrorCode> {
        match self.0.err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => None,
            code => Some(code.into()),
        }
    }

    /// Of an error only; a record's payload is not text.
    pub(crate) fn error_text(self) -> &'b str {
        // SAFETY: the text belongs to the message, or is static.
        unsafe { text(native::rd_kafka_message_errstr(self.0)) }
    }

    pub(crate) fn value(self) -> Option<&'b [u8]> {
        // SAFETY: payload and length describe bytes that the message owns.
        unsafe { bytes(self.0.payload, self.0.len) }
    }

    pub(crate) fn key(self) -> Option<&'b [u8]> {
        // SAFETY: as for the value.
        unsafe { bytes(self.0.key, self.0.key_len) }
    }

    /// Milliseconds since 1970.
    pub(crate) fn timestamp_ms(self) -> Option<i64> {
        let mut kind = native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: reads the message, writes `kind`.
        let timestamp = unsafe { native::rd_kafka_message_timestamp(self.0, &mut kind) };
        (timestamp >= 0).then_some(timestamp)
    }

    /// In their order; a name that is not UTF-8 reads as U+FFFD.
    pub(crate) fn headers(self) -> impl Iterator<Item = (&'b str, Option<&'b [u8]>)> {
        let mut headers = ptr::null_mut();
        // SAFETY: headers belong to the message; parsing them in place is librdkafka's own affair.
        let found = unsafe { native::rd_kafka_message_headers(self.0, &mut headers) };
        let any = found == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
        (0..).map_while(move |index| {
            let (mut name, mut value, mut len) = (ptr::null::<c_char>(), ptr::null(), 0);
            if !any {
                return None;
            }
            // SAFETY: `headers` is valid when found; name and value live as long as the message.
            unsafe {
                let got = native::rd_kafka_header_get_all(
                    headers, index, &mut name, &mut value, &mut len,
                );
                (got == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR)
                    .then(|| (text(name), bytes(value.cast_mut(), len)))
            }
        })
    }
}

/// # Safety
/// `start` is null or points to `len` bytes that live for `'a`.
unsafe fn bytes<'a>(start: *mut c_void, len: usize) -> Option<&'a [u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: by the caller.
    Some(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), len) })
}

/// # Safety
/// `start` is null or a C string that lives for `'a`.
unsafe fn text<'a>(start: *const c_char) -> &'a str {
    if start.is_null() {
        return "";
    }
    // SAFETY: by the caller.
    unsafe { CStr::from_ptr(start) }.to_str().unwrap_or("\u{fffd}")
}
