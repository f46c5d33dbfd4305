//! The folder that a server keeps everything in, and the only one that it keeps anything in.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use packages_api::{DEVELOPMENT_TOKEN, Secret};
use tempfile::{NamedTempFile, TempDir};

use super::Trouble;

/// A folder in use by this process alone.
#[derive(Debug)]
pub(super) enum DataDir {
    /// One that stays.
    Lasting {
        path: PathBuf,
        /// Held as long as the process lives, however it ends.
        _lock: File,
    },
    /// One that is removed at the end.
    Ephemeral(TempDir),
}

impl DataDir {
    /// Makes the folder where it is missing, and takes hold of it.
    pub(super) fn open(path: &Path) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::Folder(path.to_owned(), error);
        std::fs::create_dir_all(path).map_err(trouble)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"));
        let lock = lock.map_err(trouble)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self::Lasting {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(Trouble::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(trouble(error)),
        }
    }

    /// A folder of its own that nothing outlives.
    pub(super) fn ephemeral() -> Result<Self, Trouble> {
        Ok(Self::Ephemeral(
            tempfile::Builder::new().prefix("packages-api-").tempdir()?,
        ))
    }

    /// The folder, where it stays.
    pub(super) fn lasting(&self) -> Option<PathBuf> {
        match self {
            Self::Lasting { path, .. } => Some(path.clone()),
            Self::Ephemeral(_) => None,
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Lasting { path, .. } => path,
            Self::Ephemeral(folder) => folder.path(),
        }
    }

    /// Puts a file beside the data, whole or not at all. Returns its path.
    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Trouble> {
        let path = self.path().join(name);
        // Like any file that is made: readable by whoever may read the folder.
        let put = || -> io::Result<()> {
            self.written(bytes, 0o644)?.persist(&path)?;
            self.sync()
        };
        put().map_err(|error| Trouble::Folder(self.path().to_owned(), error))?;
        Ok(path)
    }

    /// A file that is whole and has no name yet.
    fn written(&self, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(self.path())?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Makes the names of its files outlive a power cut.
    fn sync(&self) -> io::Result<()> {
        File::open(self.path())?.sync_all()
    }

    /// The secret of the token for a server on `host`: on loopback the documented one, which opens
    /// nothing else; elsewhere a random one, which is kept for the next run.
    pub(super) fn secret(&self, host: IpAddr) -> Result<Secret, Trouble> {
        let path = self.path().join("token");
        let trouble = |error| Trouble::Folder(self.path().to_owned(), error);
        if host.is_loopback() {
            return parsed(DEVELOPMENT_TOKEN).map_err(trouble);
        }
        match File::open(&path) {
            Ok(mut file) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(trouble)?;
                parsed(text.trim()).map_err(trouble)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret = Secret::generate().map_err(|error| trouble(io::Error::other(error)))?;
                let line = format!("{}\n", secret.expose());
                // A process that ends in between leaves no token, rather than half of one.
                let file = self.written(line.as_bytes(), 0o600).map_err(trouble)?;
                file.persist_noclobber(&path)
                    .map_err(|error| trouble(error.error))?;
                self.sync().map_err(trouble)?;
                Ok(secret)
            }
            Err(error) => Err(trouble(error)),
        }
    }
}

fn parsed(text: &str) -> io::Result<Secret> {
    text.parse().map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "its file `token` does not contain a token: delete that file, and a new token is made",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn documented_token_is_for_loopback_only() {
        let folder = tempfile::tempdir().unwrap();
        let folder = DataDir::open(folder.path()).unwrap();
        let secret = |host: [u8; 4]| folder.secret(Ipv4Addr::from(host).into()).unwrap();
        assert_eq!(secret([127, 0, 0, 1]).expose(), DEVELOPMENT_TOKEN);
        let random = secret([0, 0, 0, 0]);
        assert_ne!(random.expose(), DEVELOPMENT_TOKEN);
        assert!(secret([192, 168, 0, 1]) == random);
        let mode = folder
            .path()
            .join("token")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let names = std::fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["lock", "token"]);
    }

    #[test]
    fn folders_serve_one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(folder.path()).unwrap();
        assert!(matches!(DataDir::open(folder.path()), Err(Trouble::InUse(_))));
        drop(first);
        assert!(DataDir::open(folder.path()).is_ok());
    }
}
