//! What Rust allocates with. Row groups and chunks come and go by the megabyte on several threads:
//! few arenas that give back what is free within a fifth of a second keep memory near what is used.

// Naming a symbol that C reads is unsafe in itself; jemalloc reads it once, as a C string.
#![allow(unsafe_code)]

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[unsafe(export_name = "_rjem_malloc_conf")]
pub static CONFIGURATION: &std::ffi::CStr =
    c"narenas:2,dirty_decay_ms:200,muzzy_decay_ms:0,abort_conf:true";
