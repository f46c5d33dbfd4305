//! Settings of glibc's allocator, which it reads before a program's first line runs.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Large bodies are given back to the system as soon as they are freed, and two heaps serve all threads: each keeps what
/// its threads have freed, and with one for every thread eight publishes of 4 MB took twice the memory.
const SETTINGS: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "1048576"), ("MALLOC_ARENA_MAX", "2")];

/// Starts this program once more, in the same process, with the settings; not where somebody has made any. It goes on
/// without them where that fails.
pub(crate) fn settle() {
    if SETTINGS.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let mut arguments = env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), env::current_exe()) else {
        return;
    };
    // It returns only where it has failed.
    let _error = Command::new(program)
        .arg0(name)
        .args(arguments)
        .envs(SETTINGS)
        .exec();
}
