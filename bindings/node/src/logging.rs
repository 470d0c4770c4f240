//! The engine's logs, on the logger of whoever embeds it.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Records that may wait for Node before newer ones are dropped: a flood must not fill memory.
const QUEUE: usize = 1024;

#[napi(object)]
pub struct NativeLogRecord {
    pub level: String,
    pub target: String,
    pub message: String,
    pub fields_json: String,
}

type Sink = ThreadsafeFunction<NativeLogRecord, (), NativeLogRecord, Status, false, true, QUEUE>;

struct Route {
    /// `None`: off.
    level: Option<Level>,
    sink: Option<Arc<Sink>>,
}

static ROUTE: OnceLock<Mutex<Route>> = OnceLock::new();

/// Sends logs from `level` on to `sink`, from now on; it never keeps the process alive.
#[napi]
pub fn set_logger(
    #[napi(ts_arg_type = "'debug' | 'info' | 'warn' | 'error' | 'off'")] level: String,
    sink: Function<'_, NativeLogRecord, ()>,
) -> napi::Result<()> {
    let sink: Sink =
        sink.build_threadsafe_function().weak::<true>().max_queue_size::<QUEUE>().build()?;
    let route = Route { level: level.parse().ok(), sink: Some(Arc::new(sink)) };
    let mut first = false;
    let known = ROUTE.get_or_init(|| {
        first = true;
        Mutex::new(Route { level: None, sink: None })
    });
    *known.lock().unwrap_or_else(PoisonError::into_inner) = route;
    if first {
        // Whoever set a subscriber before us keeps it.
        let _ =
            tracing::subscriber::set_global_default(tracing_subscriber::registry().with(ToNode));
    }
    Ok(())
}

struct ToNode;

/// Which query the records within a span are about.
struct QueryName(Value);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ToNode {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let (Some(span), Some(query)) = (context.span(id), fields.others.remove("query")) {
            span.extensions_mut().insert(QueryName(query));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let Some(sink) = sink_for(*metadata.level(), metadata.target()) else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let query = context.event_scope(event).and_then(|mut spans| {
            spans.find_map(|span| span.extensions().get::<QueryName>().map(|name| name.0.clone()))
        });
        if let Some(query) = query {
            fields.others.insert("query".to_owned(), query);
        }
        let record = NativeLogRecord {
            level: metadata.level().as_str().to_ascii_lowercase(),
            target: metadata.target().to_owned(),
            message: fields.message,
            fields_json: Value::Object(fields.others).to_string(),
        };
        sink.call(record, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

/// Libraries below us hand over their failures as values; what they log besides is for debugging.
fn sink_for(level: Level, target: &str) -> Option<Arc<Sink>> {
    let route = ROUTE.get()?.lock().unwrap_or_else(PoisonError::into_inner);
    let (least, ours) =
        (route.level?, target.starts_with("headgate") || target.starts_with("kafka"));
    let is_wanted = level <= least && (ours || (least >= Level::DEBUG && level <= Level::WARN));
    is_wanted.then(|| route.sink.clone())?
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.others.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}
