//! A store in memory, shared by all workers of a test, that fails as told: `lake://<world>/…`.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use deltalake::logstore::object_store::memory::InMemory;
use deltalake::logstore::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use deltalake::logstore::{
    LogStore, LogStoreFactory, ObjectStoreFactory, ObjectStoreRef, StorageConfig, default_logstore,
    logstore_factories, object_store_factories,
};
use deltalake::{DeltaResult, ObjectMeta, ObjectStore, ObjectStoreError, Path};
use futures::StreamExt;
use futures::stream::BoxStream;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::sync::Notify;
use url::Url;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Put,
    /// Also of metadata.
    Get,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// An error; nothing done.
    Refuse,
    /// `AlreadyExists`, nothing done: how S3's 409 arrives.
    ClaimTaken,
    /// Done, then an error.
    LoseReply,
    /// Done, then `AlreadyExists`: a retry inside the client met its own write.
    DenyOwn,
    /// An error now, done later.
    Late(Duration),
    /// No answer ever, nothing done: the process dies before.
    FreezeBefore,
    /// Done, and no answer ever: the process dies after.
    FreezeAfter,
    /// No space left.
    Full,
}

#[derive(Debug)]
struct Fault {
    deed: Deed,
    path: String,
    times: u32,
    trick: Trick,
}

#[derive(Debug)]
pub struct World {
    inner: Arc<InMemory>,
    faults: Mutex<Vec<Fault>>,
    deeds: Mutex<Vec<(Deed, String)>>,
    chaos: Mutex<Option<SmallRng>>,
    frozen: Notify,
}

/// Operations left to a worker: the one after the last never answers.
#[derive(Debug)]
pub struct Life {
    left: AtomicI64,
    over: Notify,
}

tokio::task_local! {
    pub static LIFE: Arc<Life>;
}

impl Life {
    pub fn of(operations: i64) -> Arc<Self> {
        Arc::new(Self { left: AtomicI64::new(operations), over: Notify::new() })
    }

    /// Runs until the work is done, or its worker dead: then `None`, and the work is dropped.
    pub async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.over.notified() => None,
            done = LIFE.scope(Arc::clone(self), work) => Some(done),
        }
    }
}

impl World {
    /// A new world and the root of its tables.
    pub fn create() -> (Arc<Self>, Url) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let world = Arc::new(Self {
            inner: Arc::new(InMemory::new()),
            faults: Mutex::default(),
            deeds: Mutex::default(),
            chaos: Mutex::default(),
            frozen: Notify::new(),
        });
        let name = format!("w{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = Url::parse(&format!("lake://{name}/")).unwrap();
        worlds().lock().unwrap().insert(name, Arc::clone(&world));
        let scheme = Url::parse("lake://").unwrap();
        object_store_factories().insert(scheme.clone(), Arc::new(Factory));
        logstore_factories().insert(scheme, Arc::new(Factory));
        (world, url)
    }

    /// The next `times` deeds at paths that contain `path` meet `trick`.
    pub fn play(&self, deed: Deed, path: &str, times: u32, trick: Trick) {
        self.faults.lock().unwrap().push(Fault { deed, path: path.to_owned(), times, trick });
    }

    pub fn calm(&self) {
        self.faults.lock().unwrap().clear();
        *self.chaos.lock().unwrap() = None;
    }

    /// From now on operations interleave, and puts of log entries go wrong now and then.
    pub fn go_wild(&self, seed: u64) {
        *self.chaos.lock().unwrap() = Some(SmallRng::seed_from_u64(seed));
    }

    /// Resolves when a fault has frozen somebody.
    pub async fn frozen(&self) {
        self.frozen.notified().await;
    }

    pub fn forget_deeds(&self) {
        self.deeds.lock().unwrap().clear();
    }

    /// How often `deed` was asked for at paths that contain `path`.
    pub fn count(&self, deed: Deed, path: &str) -> usize {
        let deeds = self.deeds.lock().unwrap();
        deeds.iter().filter(|(kind, at)| *kind == deed && at.contains(path)).count()
    }

    async fn meet(&self, deed: Deed, path: &Path) -> Option<Trick> {
        self.deeds.lock().unwrap().push((deed, path.to_string()));
        let (pauses, wild) = match self.chaos.lock().unwrap().as_mut() {
            None => (0, None),
            Some(rng) => (rng.random_range(0..4), wild_trick(rng, deed, path)),
        };
        for _ in 0..pauses {
            tokio::task::yield_now().await;
        }
        let dead = LIFE.try_with(|life| life.left.fetch_sub(1, Ordering::Relaxed) <= 0);
        if dead.unwrap_or(false) {
            return Some(Trick::FreezeBefore);
        }
        let mut faults = self.faults.lock().unwrap();
        let found = faults.iter_mut().find(|fault| {
            fault.deed == deed && fault.times > 0 && path.as_ref().contains(&fault.path)
        });
        found
            .map(|fault| {
                fault.times -= 1;
                fault.trick
            })
            .or(wild)
    }

    async fn freeze<T>(&self) -> T {
        self.frozen.notify_one();
        let _ = LIFE.try_with(|life| life.over.notify_one());
        std::future::pending().await
    }
}

fn wild_trick(rng: &mut SmallRng, deed: Deed, path: &Path) -> Option<Trick> {
    if deed != Deed::Put || !path.as_ref().contains("_delta_log") || rng.random_range(0..6) > 0 {
        return None;
    }
    Some(match rng.random_range(0..5) {
        0 => Trick::Refuse,
        1 => Trick::ClaimTaken,
        2 => Trick::LoseReply,
        3 => Trick::DenyOwn,
        _ => Trick::Late(Duration::from_millis(rng.random_range(1..400))),
    })
}

fn worlds() -> &'static Mutex<HashMap<String, Arc<World>>> {
    static WORLDS: OnceLock<Mutex<HashMap<String, Arc<World>>>> = OnceLock::new();
    WORLDS.get_or_init(Mutex::default)
}

struct Factory;

impl ObjectStoreFactory for Factory {
    fn parse_url_opts(&self, url: &Url, _: &StorageConfig) -> DeltaResult<(ObjectStoreRef, Path)> {
        let world = Arc::clone(&worlds().lock().unwrap()[url.host_str().unwrap()]);
        Ok((Arc::new(Store(world)), Path::from_url_path(url.path())?))
    }
}

impl LogStoreFactory for Factory {
    fn with_options(
        &self,
        store: ObjectStoreRef,
        root: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(store, root, location, options))
    }
}

#[derive(Clone, Debug)]
struct Store(Arc<World>);

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("world")
    }
}

fn error(kind: std::io::ErrorKind) -> ObjectStoreError {
    ObjectStoreError::Generic { store: "world", source: std::io::Error::from(kind).into() }
}

fn taken(path: &Path) -> ObjectStoreError {
    ObjectStoreError::AlreadyExists { path: path.to_string(), source: "told so".into() }
}

#[async_trait::async_trait]
impl ObjectStore for Store {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let World { inner, .. } = self.0.as_ref();
        match self.0.meet(Deed::Put, path).await {
            None => inner.put_opts(path, payload, options).await,
            Some(Trick::Refuse) => Err(error(std::io::ErrorKind::TimedOut)),
            Some(Trick::Full) => Err(error(std::io::ErrorKind::StorageFull)),
            Some(Trick::ClaimTaken) => Err(taken(path)),
            Some(Trick::LoseReply) => {
                inner.put_opts(path, payload, options).await?;
                Err(error(std::io::ErrorKind::ConnectionReset))
            }
            Some(Trick::DenyOwn) => {
                inner.put_opts(path, payload, options).await?;
                Err(taken(path))
            }
            Some(Trick::Late(delay)) => {
                let (inner, path) = (Arc::clone(inner), path.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    let _ = inner.put_opts(&path, payload, options).await;
                });
                Err(error(std::io::ErrorKind::TimedOut))
            }
            Some(Trick::FreezeBefore) => self.0.freeze().await,
            Some(Trick::FreezeAfter) => {
                inner.put_opts(path, payload, options).await?;
                self.0.freeze().await
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        match self.0.meet(Deed::Put, path).await {
            None => self.0.inner.put_multipart_opts(path, options).await,
            Some(Trick::FreezeBefore) => self.0.freeze().await,
            Some(_) => Err(error(std::io::ErrorKind::TimedOut)),
        }
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        match self.0.meet(Deed::Get, path).await {
            None => self.0.inner.get_opts(path, options).await,
            Some(Trick::FreezeBefore | Trick::FreezeAfter) => self.0.freeze().await,
            Some(_) => Err(error(std::io::ErrorKind::TimedOut)),
        }
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let met = paths.then(move |path| {
            let store = store.clone();
            async move {
                let path = path?;
                match store.0.meet(Deed::Delete, &path).await {
                    None => Ok(path),
                    Some(Trick::FreezeBefore) => store.0.freeze().await,
                    Some(_) => Err(error(std::io::ErrorKind::TimedOut)),
                }
            }
        });
        self.0.inner.delete_stream(met.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.inner.copy_opts(from, to, options).await
    }
}
