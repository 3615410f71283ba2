//! Turns domain values into documents: pure, synchronous and without any I/O but the given writer.
//!
//! Rendering is CPU work, so callers run it on a blocking thread. It has two users: the export
//! worker, which renders what was ordered, and `cases-api`, which renders small exports at once.

pub mod docx;
pub mod file_name;
pub mod pdf;
pub mod report;
pub mod stationery;
mod text;
pub mod watch;
pub mod workbook;
