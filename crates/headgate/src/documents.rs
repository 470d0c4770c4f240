//! Documents in an object store, reached with the options that tables take.

use std::collections::BTreeMap;

use headgate_delta::{Cloud, Documents, OptionFault, StoreOptions};

use crate::inspect::{address, failure};
use crate::{Failure, Issue};

/// Names of the documents right in `folder`.
pub async fn names(
    place: &str,
    options: BTreeMap<String, String>,
    folder: &str,
) -> Result<Vec<String>, Box<Failure>> {
    open(place, options)?.names(folder).await.map_err(failure)
}

/// `None`: there is none of that name.
pub async fn read(
    place: &str,
    options: BTreeMap<String, String>,
    name: &str,
) -> Result<Option<Vec<u8>>, Box<Failure>> {
    let found = open(place, options)?.read(name).await.map_err(failure)?;
    Ok(found.map(|bytes| bytes.to_vec()))
}

/// False: there is one of that name, which stays as it is.
pub async fn put_if_absent(
    place: &str,
    options: BTreeMap<String, String>,
    name: &str,
    text: String,
) -> Result<bool, Box<Failure>> {
    open(place, options)?.put_if_absent(name, text.into()).await.map_err(failure)
}

fn open(place: &str, options: BTreeMap<String, String>) -> Result<Documents, Box<Failure>> {
    let address = address(place)?;
    let Some(cloud) = Cloud::of_scheme(address.scheme()) else {
        let issue = Issue::new(&["s3"], "CONFIG_VALUE", "the address of an object store", place);
        return Err(Box::new(Failure::invalid(vec![issue], None)));
    };
    let wrong = |(name, value): (&String, &String)| {
        let path = ["options", name];
        match cloud.check_option(name, value) {
            Ok(()) => None,
            Err(OptionFault::Value) => {
                Some(Issue::new(&path, "CONFIG_VALUE", "true or false", "another word"))
            }
            Err(OptionFault::Unknown) => {
                Some(Issue::new(&path, "CONFIG_UNKNOWN", cloud.known_options(), name))
            }
        }
    };
    let issues: Vec<Issue> = options.iter().filter_map(wrong).collect();
    if !issues.is_empty() {
        return Err(Box::new(Failure::invalid(issues, None)));
    }
    Documents::open(&address, &StoreOptions(options)).map_err(failure)
}
