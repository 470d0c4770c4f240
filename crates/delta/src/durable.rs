//! `durability: fsync` on local disks: nothing is named before its bytes are on the disk.

#[cfg(unix)]
use std::fs;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::fault::Source;

/// An entry has its name, and may lose it with the power.
#[derive(Debug, thiserror::Error)]
#[error("the folder of a log entry that was written cannot be synced")]
pub(crate) struct NotSynced(#[source] io::Error);

/// Writes a log entry, syncs it, gives it its name if that is free, and syncs the folder.
pub(crate) async fn put_if_absent(root: PathBuf, version: i64, bytes: Bytes) -> Result<(), Source> {
    let synced = run(move || {
        let log = root.join("_delta_log");
        let mut stage = staged().tempfile_in(&log)?;
        stage.write_all(&bytes)?;
        stage.as_file().sync_all()?;
        stage.persist_noclobber(log.join(format!("{version:020}.json")))?;
        Ok(sync_folder(&log))
    });
    Ok(synced.await?.map_err(NotSynced)?)
}

/// A name that readers of a log skip, and the access of any other file.
fn staged() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

/// Syncs one file, and the folder that names it.
pub(crate) async fn sync_file(path: PathBuf) -> Result<(), Source> {
    run(move || {
        File::open(&path)?.sync_all()?;
        path.parent().map_or(Ok(()), sync_folder)
    })
    .await
}

/// Syncs files that were written under `root`, and the folders that name them.
pub(crate) async fn sync_files(root: PathBuf, paths: Vec<String>) -> Result<(), Source> {
    run(move || {
        let mut folders: Vec<PathBuf> = Vec::new();
        for path in paths {
            let path = root.join(path);
            File::open(&path)?.sync_all()?;
            for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)) {
                if !folders.iter().any(|known| known == folder) {
                    folders.push(folder.to_owned());
                }
            }
        }
        folders.iter().try_for_each(|folder| sync_folder(folder))
    })
    .await
}

/// Syncs the first entry of a table, and the folders that it is found by.
pub(crate) async fn sync_created(root: PathBuf) -> Result<(), Source> {
    let entry = format!("_delta_log/{:020}.json", 0);
    sync_files(root.clone(), vec![entry]).await?;
    run(move || {
        for folder in root.ancestors().skip(1) {
            // Above the folders that were created there may be some that only others may read.
            if sync_folder(folder).is_err() {
                break;
            }
        }
        Ok(())
    })
    .await
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

async fn run<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Source> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
