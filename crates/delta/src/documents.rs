//! Small objects under one address of a store, none of which is ever replaced.

use std::sync::Arc;

use bytes::Bytes;
use deltalake::logstore::object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutOptions};
use deltalake::{ObjectStore, Path};
use url::Url;

use crate::fault::DeltaFault;
use crate::object_stores::StoreOptions;
use crate::store::TableStore;

/// Names are those of the store, as they are.
pub struct Documents {
    objects: Arc<dyn ObjectStore>,
    address: String,
}

impl Documents {
    pub fn open(address: &Url, options: &StoreOptions) -> Result<Self, DeltaFault> {
        let store = TableStore::open(address, options, None)?;
        Ok(Self { objects: store.objects(), address: store.address })
    }

    /// Of the objects right in `folder`.
    pub async fn names(&self, folder: &str) -> Result<Vec<String>, DeltaFault> {
        let folder = self.path("list documents", folder)?;
        let listed = self.objects.list_with_delimiter(Some(&folder)).await;
        let listed = listed.map_err(|source| self.fault("list documents", source))?;
        let names = listed.objects.iter().filter_map(|object| object.location.filename());
        Ok(names.map(str::to_owned).collect())
    }

    /// `None`: there is none of that name.
    pub async fn read(&self, name: &str) -> Result<Option<Bytes>, DeltaFault> {
        let fail = |source| self.fault("read a document", source);
        match self.objects.get(&self.path("read a document", name)?).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(fail)?)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(source) => Err(fail(source)),
        }
    }

    /// False: there is one of that name, which stays. It may be this one, if a reply was lost.
    pub async fn put_if_absent(&self, name: &str, bytes: Bytes) -> Result<bool, DeltaFault> {
        let path = self.path("put a document", name)?;
        let create = PutOptions::from(PutMode::Create);
        match self.objects.put_opts(&path, bytes.into(), create).await {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. }) => Ok(false),
            Err(source) => Err(self.fault("put a document", source)),
        }
    }

    fn path(&self, operation: &'static str, name: &str) -> Result<Path, DeltaFault> {
        Path::parse(name).map_err(|source| DeltaFault::store(operation, &self.address, source))
    }

    fn fault(&self, operation: &'static str, source: StoreError) -> DeltaFault {
        DeltaFault::store(operation, &self.address, source)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_document_is_put_once_and_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let address = Url::from_directory_path(folder.path()).unwrap();
        let documents = Documents::open(&address, &StoreOptions::default()).unwrap();
        assert_eq!(documents.names("rides%2Fpings").await.unwrap(), Vec::<String>::new());
        assert_eq!(documents.read("rides%2Fpings/1.json").await.unwrap(), None);
        let put = |text: &'static str| {
            documents.put_if_absent("rides%2Fpings/1.json", Bytes::from_static(text.as_bytes()))
        };
        assert!(put("{}").await.unwrap());
        assert!(!put("[]").await.unwrap());
        assert_eq!(documents.names("rides%2Fpings").await.unwrap(), ["1.json"]);
        let found = documents.read("rides%2Fpings/1.json").await.unwrap();
        assert_eq!(found.as_deref(), Some(b"{}".as_slice()));
    }
}
