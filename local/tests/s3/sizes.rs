//! Objects of all sizes: the few bytes that the bucket keeps in its index, and those in files of their own, are the same
//! to whoever asks.

use std::fs::ReadDir;
use std::path::Path;

use aws_sdk_s3::types::ChecksumAlgorithm;

use crate::{Bucket, code};

/// The most that lies in the index, and what is beside it.
const SIZES: [usize; 5] = [0, 1, 65_536, 65_537, 1_000_000];

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// The files of a bucket.
fn objects(folder: &Path) -> ReadDir {
    std::fs::read_dir(folder.join("s3/objects")).unwrap()
}

fn files(folder: &Path) -> usize {
    objects(folder).count()
}

/// The rows of a stopped bucket's bytes.
fn rows(folder: &Path) -> usize {
    let index = rusqlite::Connection::open(folder.join("s3/index.sqlite")).unwrap();
    index
        .query_row("SELECT COUNT(*) FROM contents", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn ranges_and_copies_of_all_sizes() {
    let bucket = Bucket::new().await;
    let name = bucket.stack.bucket();
    for size in SIZES {
        let (key, bytes) = (format!("{size}"), bytes(size));
        bucket.put(&key, &bytes).await;
        assert!(bucket.get(&key).await.unwrap() == bytes, "{size}");
        let copy = bucket.s3.copy_object().bucket(name).key("copy");
        let copy = copy.copy_source(format!("{name}/{key}"));
        let copied = copy.checksum_algorithm(ChecksumAlgorithm::Sha256).send().await;
        let sum = copied.unwrap().copy_object_result.unwrap().checksum_sha256;
        let put = bucket.s3.put_object().bucket(name).key("other");
        let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256);
        let put = put.body(bytes.clone().into()).send().await.unwrap();
        assert_eq!(sum, put.checksum_sha256, "{size}");
        // The copy stays what it was.
        bucket.put(&key, b"other").await;
        assert!(bucket.get("copy").await.unwrap() == bytes, "{size}");
        for (range, expected) in [
            ("bytes=0-0", bytes.get(..1)),
            ("bytes=-1", bytes.last_chunk::<1>().map(|last| &last[..])),
        ] {
            let got = bucket
                .s3
                .get_object()
                .bucket(name)
                .key("copy")
                .range(range)
                .send()
                .await;
            let got = match got {
                Ok(got) => Ok(got.body.collect().await.unwrap().to_vec()),
                Err(error) => Err(code(error)),
            };
            let expected = expected
                .map(<[u8]>::to_vec)
                .ok_or_else(|| "InvalidRange".to_owned());
            assert!(got == expected, "{range} of {size}: {:?}", got.err());
        }
    }
}

#[tokio::test]
async fn all_sizes_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::lasting(folder.path()).await;
    for size in SIZES {
        bucket.put(&format!("{size}"), &bytes(size)).await;
    }
    bucket.stack.shutdown().await;
    assert_eq!((files(folder.path()), rows(folder.path())), (2, 3));
    let bucket = Bucket::lasting(folder.path()).await;
    for size in SIZES {
        assert!(
            bucket.get(&format!("{size}")).await.unwrap() == bytes(size),
            "{size}"
        );
    }
    bucket.stack.shutdown().await;
}

#[tokio::test]
async fn removed_versions_leave_no_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::lasting(folder.path()).await;
    let name = bucket.stack.bucket();
    for size in SIZES {
        for _ in 0..2 {
            bucket.put("key", &bytes(size)).await;
        }
    }
    bucket
        .s3
        .delete_object()
        .bucket(name)
        .key("key")
        .send()
        .await
        .unwrap();
    assert_eq!(bucket.get("key").await, Err("NoSuchKey".to_owned()));
    let versions = bucket
        .s3
        .list_object_versions()
        .bucket(name)
        .send()
        .await
        .unwrap();
    assert_eq!(versions.versions().len(), 2 * SIZES.len());
    for version in versions.versions() {
        let id = version.version_id().unwrap();
        let got = bucket
            .s3
            .get_object()
            .bucket(name)
            .key("key")
            .version_id(id)
            .send()
            .await;
        let got = got.unwrap().body.collect().await.unwrap().to_vec();
        assert!(got == bytes(usize::try_from(version.size().unwrap()).unwrap()));
        let delete = bucket.s3.delete_object().bucket(name).key("key");
        delete.version_id(id).send().await.unwrap();
    }
    bucket.stack.shutdown().await;
    assert_eq!((files(folder.path()), rows(folder.path())), (0, 0));
}

#[tokio::test]
async fn a_refused_write_leaves_no_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::lasting(folder.path()).await;
    bucket.put("key", b"one").await;
    for size in SIZES {
        let put = bucket.s3.put_object().bucket(bucket.stack.bucket()).key("key");
        let put = put.if_none_match("*").body(bytes(size).into()).send().await;
        assert_eq!(code(put.unwrap_err()), "PreconditionFailed", "{size}");
    }
    bucket.stack.shutdown().await;
    assert_eq!((files(folder.path()), rows(folder.path())), (0, 1));
}

/// Whether the system has the file's first bytes in its memory: a read that may not wait for the disk is not sent away.
#[cfg(target_os = "linux")]
fn is_in_memory(path: &Path) -> bool {
    use std::io::IoSliceMut;

    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    let file = std::fs::File::open(path).unwrap();
    let mut bytes = [0; 4_096];
    let mut buffers = [IoSliceMut::new(&mut bytes)];
    preadv2(&file, &mut buffers, 0, ReadWriteFlags::NOWAIT) != Err(Errno::AGAIN)
}

/// Whether the system can forget a file in this folder, and tells that it has: not where the folder is in memory itself.
#[cfg(target_os = "linux")]
fn forgets(folder: &Path) -> bool {
    use rustix::fs::{Advice, fadvise};

    let path = folder.join("forgotten");
    std::fs::write(&path, bytes(4_096)).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    file.sync_data().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    !is_in_memory(&path)
}

/// In the build's folder, which lies on a disk where the system's for temporary files may not.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn objects_leave_the_systems_memory() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    if !forgets(folder.path()) {
        eprintln!(
            "Nothing is checked: the build's folder is not on a disk that is read through the system's memory."
        );
        return;
    }
    let bucket = Bucket::lasting(folder.path()).await;
    bucket.put("object", &bytes(1_000_000)).await;
    let name = bucket.stack.bucket();
    let upload = bucket.s3.create_multipart_upload().bucket(name).key("parts");
    let upload = upload.send().await.unwrap();
    let part = bucket.s3.upload_part().bucket(name).key("parts").part_number(1);
    let part = part.upload_id(upload.upload_id().unwrap());
    part.body(bytes(1_000_001).into()).send().await.unwrap();
    let mut in_memory: Vec<_> = objects(folder.path())
        .map(|file| {
            let file = file.unwrap();
            (file.metadata().unwrap().len(), is_in_memory(&file.path()))
        })
        .collect();
    in_memory.sort_unstable();
    // The part is read again as soon as its upload is completed.
    assert_eq!(in_memory, [(1_000_000, false), (1_000_001, true)]);
    assert!(bucket.get("object").await.unwrap() == bytes(1_000_000));
}
