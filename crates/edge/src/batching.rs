//! Answers questions of one moment together, so that a round trip they all need is paid once.
//!
//! While an answer is on its way, the next questions gather, and are asked together when it has
//! come. A question is only ever answered by what was asked after it came. Each thread gathers its
//! own, because to wake another thread costs more than what it would save.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thread_local::ThreadLocal;
use tokio::sync::oneshot;

type Asking<A> = Pin<Box<dyn Future<Output = Vec<A>> + Send>>;
type Ask<Q, A> = dyn Fn(Vec<Q>) -> Asking<A> + Send + Sync;

/// Gathers questions and asks them together. Without a bound of its own: whoever asks waits for the
/// answer, and how many requests may be at work is bounded where they come in.
pub struct Batcher<Q: Send, A: Send> {
    ask: Arc<Ask<Q, A>>,
    queues: ThreadLocal<Arc<Queue<Q, A>>>,
}

impl<Q: Send + 'static, A: Send + 'static> Batcher<Q, A> {
    /// `ask` answers each question, in their order.
    pub fn new<F>(ask: impl Fn(Vec<Q>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        Self {
            ask: Arc::new(move |questions| Box::pin(ask(questions))),
            queues: ThreadLocal::new(),
        }
    }

    /// Asks one question, with others if there are; `None` when nobody answers it, since the
    /// process is ending.
    pub async fn ask(&self, question: Q) -> Option<A> {
        let queue = self.queues.get_or_default();
        let (sender, answer) = oneshot::channel();
        if queue.push(question, sender) {
            tokio::spawn(answer_all(Arc::clone(&self.ask), Service::of(queue)));
        }
        answer.await.ok()
    }
}

async fn answer_all<Q, A>(ask: Arc<Ask<Q, A>>, mut service: Service<Q, A>) {
    loop {
        // Whatever else this thread could do at once may have a question as well.
        tokio::task::yield_now().await;
        let Some(waiting) = service.next() else { return };
        let (questions, senders): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        for (answer, sender) in ask(questions).await.into_iter().zip(senders) {
            // Whoever has given up wants no answer.
            let _ = sender.send(answer);
        }
    }
}

/// Questions that have not been asked yet.
struct Queue<Q, A>(Mutex<Waiting<Q, A>>);

struct Waiting<Q, A> {
    questions: Vec<(Q, oneshot::Sender<A>)>,
    is_served: bool,
}

impl<Q, A> Default for Queue<Q, A> {
    fn default() -> Self {
        Self(Mutex::new(Waiting { questions: Vec::new(), is_served: false }))
    }
}

impl<Q, A> Queue<Q, A> {
    /// True when somebody must begin to serve the queue.
    fn push(&self, question: Q, sender: oneshot::Sender<A>) -> bool {
        let mut waiting = self.lock();
        waiting.questions.push((question, sender));
        !std::mem::replace(&mut waiting.is_served, true)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<Q, A>> {
        // Nothing between lock and release can leave the queue half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What serves a queue until it is empty.
struct Service<Q, A> {
    queue: Arc<Queue<Q, A>>,
    is_over: bool,
}

impl<Q, A> Service<Q, A> {
    fn of(queue: &Arc<Queue<Q, A>>) -> Self {
        Self { queue: Arc::clone(queue), is_over: false }
    }

    fn next(&mut self) -> Option<Vec<(Q, oneshot::Sender<A>)>> {
        let mut waiting = self.queue.lock();
        if waiting.questions.is_empty() {
            waiting.is_served = false;
            self.is_over = true;
            return None;
        }
        Some(std::mem::take(&mut waiting.questions))
    }
}

impl<Q, A> Drop for Service<Q, A> {
    /// When it is cut short, nobody must wait for it.
    fn drop(&mut self) {
        if !self.is_over {
            let mut waiting = self.queue.lock();
            waiting.questions.clear();
            waiting.is_served = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn questions_that_come_while_another_is_answered_are_asked_together() {
        let batcher = Arc::new(Batcher::new(|questions: Vec<u32>| async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let size = questions.len();
            questions.into_iter().map(|question| (question, size)).collect()
        }));
        let mut asked = JoinSet::new();
        for question in 0..50 {
            let batcher = Arc::clone(&batcher);
            asked.spawn(async move {
                if question > 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                assert_eq!(batcher.ask(question).await.unwrap().0, question);
                question
            });
        }
        assert_eq!(asked.join_all().await.len(), 50);
        let (_, alone) = batcher.ask(0).await.unwrap();
        assert_eq!(alone, 1, "a queue that has become empty is served again");
    }

    #[tokio::test]
    async fn whoever_has_given_up_keeps_nobody_from_an_answer() {
        let batcher = Batcher::new(|questions: Vec<u32>| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            questions
        });
        let impatient = tokio::time::timeout(Duration::from_millis(1), batcher.ask(1));
        impatient.await.unwrap_err();
        assert_eq!(batcher.ask(2).await, Some(2));
    }

    #[test]
    fn what_is_cut_short_lets_the_next_begin_again() {
        let batcher = Batcher::new(|questions: Vec<u32>| async move {
            tokio::task::yield_now().await;
            questions
        });
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        // Polled once, so that serving has not begun when the runtime ends.
        runtime().block_on(async {
            let mut asking = std::pin::pin!(batcher.ask(1));
            assert!(futures_util::poll!(asking.as_mut()).is_pending());
        });
        assert_eq!(runtime().block_on(batcher.ask(2)), Some(2));
    }
}
