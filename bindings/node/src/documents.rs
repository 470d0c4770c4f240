use std::collections::HashMap;

use headgate::documents;
use napi_derive::napi;

use crate::failure::NativeFailure;

#[napi(object)]
pub struct NativeDocumentNames {
    pub names: Option<Vec<String>>,
    pub failure: Option<NativeFailure>,
}

/// Without a text and a failure there is no such document.
#[napi(object)]
pub struct NativeDocument {
    pub text: Option<String>,
    pub failure: Option<NativeFailure>,
}

#[napi(object)]
pub struct NativePutDocument {
    /// False: there is one of that name, which stays as it is.
    pub is_new: Option<bool>,
    pub failure: Option<NativeFailure>,
}

/// Names of the documents right in a folder of an object store.
#[napi]
pub async fn document_names(
    place: String,
    options: HashMap<String, String>,
    folder: String,
) -> NativeDocumentNames {
    match documents::names(&place, options.into_iter().collect(), &folder).await {
        Ok(names) => NativeDocumentNames { names: Some(names), failure: None },
        Err(failure) => NativeDocumentNames { names: None, failure: Some((*failure).into()) },
    }
}

#[napi]
pub async fn read_document(
    place: String,
    options: HashMap<String, String>,
    name: String,
) -> NativeDocument {
    match documents::read(&place, options.into_iter().collect(), &name).await {
        Ok(found) => NativeDocument {
            text: found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            failure: None,
        },
        Err(failure) => NativeDocument { text: None, failure: Some((*failure).into()) },
    }
}

/// Never replaces what is there.
#[napi]
pub async fn put_document(
    place: String,
    options: HashMap<String, String>,
    name: String,
    text: String,
) -> NativePutDocument {
    match documents::put_if_absent(&place, options.into_iter().collect(), &name, text).await {
        Ok(is_new) => NativePutDocument { is_new: Some(is_new), failure: None },
        Err(failure) => NativePutDocument { is_new: None, failure: Some((*failure).into()) },
    }
}
