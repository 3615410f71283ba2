//! Lets whoever waits for a document see how far it has come, and give it up.
//!
//! Rendering is work without a pause on a thread that nobody can end from outside. Asking between
//! two blocks is the only way to stop a document that takes too long or that nobody wants any more.

use std::ops::ControlFlow;

/// Is told how much of how much is done, and says whether to go on.
pub type Watch<'a> = dyn FnMut(usize, usize) -> ControlFlow<()> + 'a;

/// The watch said stop.
#[derive(Debug, thiserror::Error)]
#[error("rendering was stopped")]
pub struct Stopped;

pub(crate) fn ask(watch: &mut Watch<'_>, done: usize, total: usize) -> Result<(), Stopped> {
    match watch(done, total) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stopped),
    }
}
