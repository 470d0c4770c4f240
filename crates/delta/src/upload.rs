//! An object that comes in parts; a small one is a single put.

use std::sync::Arc;

use deltalake::logstore::object_store::MultipartUpload;
use deltalake::{ObjectStore, Path};

use crate::answer::told;
use crate::fault::Source;

pub(crate) struct Upload {
    objects: Arc<dyn ObjectStore>,
    pub path: Path,
    begun: Option<Box<dyn MultipartUpload>>,
    /// Bytes so far.
    pub bytes: u64,
}

impl Upload {
    pub fn new(objects: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self { objects, path, begun: None, bytes: 0 }
    }

    pub async fn put_part(&mut self, part: Vec<u8>) -> Result<(), Source> {
        let upload = match &mut self.begun {
            Some(upload) => upload,
            None => self
                .begun
                .insert(self.objects.put_multipart_opts(&self.path, Default::default()).await?),
        };
        self.bytes += part.len() as u64;
        Ok(upload.put_part(part.into()).await?)
    }

    /// With what is left once no part is full.
    pub async fn finish(&mut self, rest: Vec<u8>) -> Result<(), Source> {
        if self.begun.is_none() {
            self.bytes = rest.len() as u64;
            self.objects.put_opts(&self.path, rest.into(), Default::default()).await?;
            return Ok(());
        }
        self.put_part(rest).await?;
        if let Some(mut upload) = self.begun.take() {
            let completed = upload.complete().await;
            if completed.is_err() {
                self.begun = Some(upload);
            }
            completed?;
        }
        Ok(())
    }

    /// Leaves nothing behind: parts of an unfinished upload are invisible to vacuum.
    pub async fn abort(&mut self) {
        if let Some(mut upload) = self.begun.take()
            && let Err(error) = upload.abort().await
        {
            let file = self.path.filename();
            let error = told(error.into());
            tracing::warn!(file, %error, "multipart upload not aborted");
        }
    }
}
