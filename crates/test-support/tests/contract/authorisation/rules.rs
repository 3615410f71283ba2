//! The contract's rules of access, stated a second time and in the contract's own words.

use std::sync::Arc;

use super::callers::{Caller, FAG, FIN, OWN};
use super::world::{CLOSED, Fixture, GOVERNMENT, PRE_FIN, RETURNED, World};

/// They see the closed rounds of all ministries.
const HISTORIANS: [&str; 2] = ["budsjettenhet_fag", "departementsraad_fag"];

/// What should become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Anything but 401, 403 and a failure of ours: a body may still be wrong.
    Allowed,
    /// Exactly this status.
    Refused(u16),
}

/// One caller before one case.
pub(super) struct Scene {
    pub(super) world: Arc<World>,
    pub(super) phase: &'static str,
    pub(super) caller: Caller,
}

impl Scene {
    pub(super) fn case(&self) -> &Fixture {
        self.world.case(self.phase)
    }

    fn is_handler(&self) -> bool {
        let id = &self.caller.id;
        [&self.case().assigned_to, &self.case().fin_assigned_to].contains(&id)
    }

    fn is_of_own_department(&self) -> bool {
        self.caller.department == OWN
    }

    /// Domain contract 5.1, single case.
    fn may_open(&self) -> bool {
        let caller = &self.caller;
        if self.is_handler() || caller.is_admin() {
            return true;
        }
        if caller.is_one_of(&FIN) {
            return self.phase != PRE_FIN;
        }
        self.is_of_own_department() || (self.phase == CLOSED && caller.is_one_of(&HISTORIANS))
    }

    /// The table before E23.
    fn may_edit(&self) -> bool {
        let (fag, fin) = (
            self.caller.is_one_of(&FAG) && self.is_of_own_department(),
            self.caller.is_one_of(&FIN),
        );
        match self.phase {
            CLOSED => false,
            GOVERNMENT => fag || fin || self.caller.is_admin(),
            PRE_FIN | RETURNED => fag || self.caller.is_admin(),
            _ => fin || self.caller.is_admin(),
        }
    }
}

/// Who may, besides having a token. Nobody else is let through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Also those without a token.
    Everybody,
    /// Everybody with a token.
    SignedIn,
    /// Some roles; others get 403.
    Roles(&'static [&'static [&'static str]]),
    /// Whoever may open the case; others get 403.
    OpenCase,
    /// Whoever may edit the case as it stands.
    EditCase,
    /// Some roles, of those who may open the case.
    RolesOnCase(&'static [&'static [&'static str]]),
    /// Some roles, and the case's FAG handler (E29).
    FagHandlerOr(&'static [&'static [&'static str]]),
    /// Some roles, and the case's FIN handler (E30).
    FinHandlerOr(&'static [&'static [&'static str]]),
    /// Handlers and some roles; others who may open the case get 400 (E32).
    HandlersOrBadRequest(&'static [&'static [&'static str]]),
    /// The case's own ministry and the administrator (E43).
    OwnFagOrAdmin,
    /// Whoever wrote it (E40).
    Author,
    /// Whoever was asked (E33, E34).
    Assignee,
    /// Whoever ordered it, and the administrator; for others it is not there (E57).
    RequesterOrNotFound,
}

impl Rule {
    pub(super) fn expected(self, scene: &Scene) -> Expected {
        let caller = &scene.caller;
        if caller.is_anonymous() {
            return match self {
                Self::Everybody => Expected::Allowed,
                _ => Expected::Refused(401),
            };
        }
        let is_one_of = |groups: &[&[&str]]| groups.iter().any(|group| caller.is_one_of(group));
        let (is_allowed, refusal) = match self {
            Self::Everybody | Self::SignedIn => (true, 403),
            Self::Roles(groups) => (is_one_of(groups), 403),
            Self::OpenCase => (scene.may_open(), 403),
            Self::EditCase => (scene.may_open() && scene.may_edit(), 403),
            Self::RolesOnCase(groups) => (scene.may_open() && is_one_of(groups), 403),
            Self::FagHandlerOr(groups) => {
                let is_handler = scene.case().assigned_to == caller.id;
                (scene.may_open() && (is_handler || is_one_of(groups)), 403)
            }
            Self::FinHandlerOr(groups) => {
                let is_handler = scene.case().fin_assigned_to == caller.id;
                (scene.may_open() && (is_handler || is_one_of(groups)), 403)
            }
            Self::HandlersOrBadRequest(groups) => (
                scene.may_open() && (scene.is_handler() || is_one_of(groups)),
                if scene.may_open() { 400 } else { 403 },
            ),
            Self::OwnFagOrAdmin => (
                scene.may_open()
                    && (caller.is_admin()
                        || (caller.is_one_of(&FAG) && scene.is_of_own_department())),
                403,
            ),
            Self::Author => (caller.is_admin() && scene.may_open(), 403),
            Self::Assignee => (caller.id == scene.world.assignee, 403),
            Self::RequesterOrNotFound => {
                (caller.is_admin() || caller.id == scene.world.requester, 404)
            }
        };
        if is_allowed { Expected::Allowed } else { Expected::Refused(refusal) }
    }
}
