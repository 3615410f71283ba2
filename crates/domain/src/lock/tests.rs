//! The lock rules one by one, and then any order of them against invariant I3.

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use uuid::Uuid;

use super::*;

const LEASE: Duration = Duration::from_mins(5);

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn ask(caller: UserId, number: i64, now: DateTime<Utc>) -> AcquireRequest {
    AcquireRequest {
        caller,
        new_id: LockId::new(Uuid::from_u128(u128::try_from(number).unwrap())),
        new_token: FencingToken::new(number),
        now,
        lease: LEASE,
    }
}

fn held_by_one() -> Lease {
    match acquire(None, &ask(user(1), 1, at(0))) {
        Acquired::Granted(lease) => lease,
        other => panic!("a free lock must be granted: {other:?}"),
    }
}

#[test]
fn a_free_lock_is_granted_for_one_lease() {
    let lease = held_by_one();
    assert_eq!(lease.expires_at, at(300));
    assert!(lease.is_live(at(299)));
    assert!(!lease.is_live(at(300)));
}

#[test]
fn acquiring_ones_own_lock_keeps_id_token_and_start() {
    let lease = held_by_one();
    let again = acquire(Some(&lease), &ask(user(1), 2, at(100)));
    assert_eq!(again, Acquired::Renewed(Lease { expires_at: at(400), ..lease }));
}

#[test]
fn a_live_lock_is_refused_and_an_expired_one_changes_hands() {
    let lease = held_by_one();
    assert_eq!(acquire(Some(&lease), &ask(user(2), 2, at(299))), Acquired::Refused(lease));
    let Acquired::Granted(next) = acquire(Some(&lease), &ask(user(2), 2, at(300))) else {
        panic!("an expired lock must be granted");
    };
    assert_eq!((next.holder, next.token), (user(2), FencingToken::new(2)));
    assert_ne!(next.lock_id, lease.lock_id);
}

#[test]
fn ones_own_expired_lock_is_a_new_lock() {
    let lease = held_by_one();
    let again = acquire(Some(&lease), &ask(user(1), 2, at(300)));
    assert!(matches!(again, Acquired::Granted(new) if new.lock_id != lease.lock_id));
}

#[test]
fn a_heartbeat_is_refused_after_expiry_to_others_and_for_another_id() {
    let lease = held_by_one();
    let beat = |id, caller, now| heartbeat(Some(&lease), id, caller, now, LEASE);
    assert_eq!(beat(lease.lock_id, user(1), at(60)).unwrap().expires_at, at(360));
    assert_eq!(beat(lease.lock_id, user(1), at(300)), None);
    assert_eq!(beat(lease.lock_id, user(2), at(60)), None);
    assert_eq!(beat(NIL_LOCK, user(1), at(60)), None);
    assert_eq!(heartbeat(None, lease.lock_id, user(1), at(60), LEASE), None);
}

#[test]
fn a_lock_handed_back_is_free_for_others_and_the_holders_to_take_back() {
    let lease = Lease { handed_back: true, ..held_by_one() };
    let back = heartbeat(Some(&lease), lease.lock_id, user(1), at(60), LEASE).unwrap();
    assert!(back.is_live(at(60)));
    assert_eq!(back.token, lease.token);
    assert!(matches!(acquire(Some(&lease), &ask(user(2), 2, at(60))), Acquired::Granted(_)));
}

#[test]
fn only_the_holder_or_the_beacon_releases() {
    let lease = held_by_one();
    let release = |id, caller, seconds| release(Some(&lease), id, caller, at(seconds));
    assert_eq!(release(lease.lock_id, Some(user(1)), 60), Released::Released);
    assert_eq!(release(lease.lock_id, None, 60), Released::Released);
    assert_eq!(release(lease.lock_id, Some(user(2)), 60), Released::Forbidden);
    assert_eq!(release(NIL_LOCK, None, 60), Released::AlreadyGone);
    assert_eq!(release(lease.lock_id, Some(user(2)), 300), Released::AlreadyGone);
    assert_eq!(super::release(None, lease.lock_id, Some(user(2)), at(60)), Released::AlreadyGone);
}

#[test]
fn a_lease_longer_than_the_calendar_ends_with_it() {
    let forever = AcquireRequest { lease: Duration::MAX, ..ask(user(1), 1, at(0)) };
    let Acquired::Granted(lease) = acquire(None, &forever) else { panic!("free") };
    assert!(lease.is_live(at(1_000_000_000)));
}

/// What does not depend on the rules: the clock, and the database's token sequence.
#[derive(Clone, Debug)]
struct World {
    now: i64,
    acquisitions: i64,
}

#[derive(Clone, Debug)]
enum Event {
    Acquire(UserId),
    /// Caller, and which of the locks ever granted.
    Heartbeat(UserId, usize),
    Release(Option<UserId>, usize),
    HandBack,
    Sweep,
    Wait(i64),
}

struct Clients;

impl ReferenceStateMachine for Clients {
    type State = World;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<World> {
        Just(World { now: 0, acquisitions: 0 }).boxed()
    }

    fn transitions(_: &World) -> BoxedStrategy<Event> {
        let caller = select(vec![user(1), user(2), user(3)]);
        prop_oneof![
            4 => caller.clone().prop_map(Event::Acquire),
            3 => (caller.clone(), 0..8_usize).prop_map(|(who, which)| Event::Heartbeat(who, which)),
            2 => (proptest::option::of(caller), 0..8_usize)
                .prop_map(|(who, which)| Event::Release(who, which)),
            1 => Just(Event::HandBack),
            1 => Just(Event::Sweep),
            3 => (1..400_i64).prop_map(Event::Wait),
        ]
        .boxed()
    }

    fn apply(mut world: World, event: &Event) -> World {
        match event {
            Event::Wait(seconds) => world.now += seconds,
            Event::Acquire(_) => world.acquisitions += 1,
            _ => {}
        }
        world
    }
}

/// One resource, with every promise that was made to a client remembered.
struct Resource {
    current: Option<Lease>,
    granted: Vec<(LockId, UserId)>,
    highest: Option<FencingToken>,
    /// Who was last told "yours", and until when nobody else may be told the same.
    promise: Option<(UserId, DateTime<Utc>)>,
}

impl Resource {
    fn promise_to(&mut self, lease: Lease, now: DateTime<Utc>) {
        if let Some((earlier, until)) = self.promise {
            assert!(
                earlier == lease.holder || until <= now,
                "{earlier} was promised the lock until {until} and {} got it at {now}",
                lease.holder
            );
        }
        assert!(Some(lease.token) >= self.highest, "a fencing token went back");
        self.highest = Some(lease.token);
        self.promise = Some((lease.holder, lease.expires_at));
        self.current = Some(lease);
    }

    fn lock(&self, which: usize) -> LockId {
        self.granted.iter().rev().nth(which).map_or(NIL_LOCK, |(id, _)| *id)
    }
}

impl StateMachineTest for Resource {
    type SystemUnderTest = Self;
    type Reference = Clients;

    fn init_test(_: &World) -> Self {
        Self { current: None, granted: Vec::new(), highest: None, promise: None }
    }

    fn apply(mut resource: Self, world: &World, event: Event) -> Self {
        let now = at(world.now);
        match event {
            Event::Acquire(caller) => {
                let before = resource.current;
                match acquire(before.as_ref(), &ask(caller, world.acquisitions, now)) {
                    Acquired::Granted(lease) => {
                        assert!(Some(lease.token) > resource.highest, "a new holder, an old token");
                        resource.granted.push((lease.lock_id, caller));
                        resource.promise_to(lease, now);
                    }
                    Acquired::Renewed(lease) => {
                        assert_eq!(before.map(|held| held.lock_id), Some(lease.lock_id));
                        resource.promise_to(lease, now);
                    }
                    Acquired::Refused(holder) => {
                        assert!(holder.is_live(now) && holder.holder != caller);
                    }
                }
            }
            Event::Heartbeat(caller, which) => {
                let id = resource.lock(which);
                if let Some(lease) = heartbeat(resource.current.as_ref(), id, caller, now, LEASE) {
                    assert!(resource.granted.contains(&(id, caller)), "a heartbeat stole a lock");
                    resource.promise_to(lease, now);
                }
            }
            Event::Release(caller, which) => {
                if release(resource.current.as_ref(), resource.lock(which), caller, now)
                    == Released::Released
                {
                    resource.current = None;
                    resource.promise = None;
                }
            }
            Event::HandBack => {
                if let Some(lease) = resource.current.as_mut() {
                    lease.handed_back = true;
                    resource.promise = None;
                }
            }
            Event::Sweep => {
                resource.current = resource.current.filter(|lease| now < lease.expires_at);
            }
            Event::Wait(_) => {}
        }
        resource
    }
}

prop_state_machine! {
    #[test]
    fn i3_no_two_users_hold_a_lock_at_once_and_tokens_only_grow(sequential 1..60 => Resource);
}
