//! Lists as bytes: cut from pages, compressed once, told apart by an entity tag.

use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use domain::case_list::{CaseListFacts, CaseListFilters};
use domain::visibility::ListScope;
use edge::delivery::{self, Tag};
use flate2::read::GzDecoder;
use store::StoreError;
use store::cases::CaseListRow;

use super::page::{Page, ending};
use crate::routes::cases::views::{BudgetCaseView, CaseListItemView};

/// Number of bytes that hold a length in [`Body::pack`].
const LENGTH_BYTES: usize = 4;
/// What an entry of a cache takes beside its texts, at most. Without it the empty lists that a
/// client can ask for without end would weigh next to nothing.
pub(super) const ENTRY_BYTES: u64 = 1024;

/// A JSON text in every encoding a client may accept, each made when it is first asked for.
pub(crate) struct Body {
    identity: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    tag: Tag,
}

/// When each encoding was last asked for, in milliseconds of the cache's own time: 0 is before
/// anybody asked.
#[derive(Default)]
pub(super) struct Demand {
    gzip: AtomicU64,
    brotli: AtomicU64,
}

/// The encodings that a list will be asked for in; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Likely {
    gzip: bool,
    brotli: bool,
}

impl Demand {
    /// Those that somebody has asked for since then; what browsers ask for when nobody has.
    pub(super) fn since(&self, then_ms: u64) -> Likely {
        let is_wanted = |asked_at: &AtomicU64| asked_at.load(Ordering::Relaxed) > then_ms;
        let gzip = is_wanted(&self.gzip);
        Likely { gzip, brotli: is_wanted(&self.brotli) || !gzip }
    }
}

/// The two forms of a list's items (E14, E15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// With `currentContent` and `opinions`, both `null`.
    Full,
    /// Without them.
    Light,
}

/// Everything that decides what a composed list says. Pages by what they say and not by their
/// generation, under which a page that has ended is read again and may say something else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BodyKey {
    /// What each page says, see [`Tag::digest`].
    pages: Vec<u64>,
    filters: CaseListFilters,
    scope: ListScope,
    form: Form,
}

impl BodyKey {
    pub(crate) fn new(
        pages: &[Arc<Page>],
        filters: CaseListFilters,
        scope: ListScope,
        form: Form,
    ) -> Self {
        let pages = pages.iter().map(|page| page.body.tag.digest()).collect();
        Self { pages, filters, scope, form }
    }
}

/// Cuts a list from pages: the items that `keeps` keeps, newest change first.
pub(crate) fn compose(
    pages: &[Arc<Page>],
    form: Form,
    keeps: impl Fn(&CaseListFacts<'_>) -> bool,
) -> Body {
    if let ([page], Form::Full) = (pages, form)
        && page.items().iter().all(|item| keeps(&item.facts()))
    {
        return page.body.share();
    }
    let mut items: Vec<_> = pages
        .iter()
        .flat_map(|page| page.items().iter().map(move |item| (page, item)))
        .filter(|(_, item)| keeps(&item.facts()))
        .collect();
    items.sort_unstable_by_key(|(_, item)| std::cmp::Reverse(item.rank()));
    let ending = ending(form == Form::Full);
    let mut text = Vec::with_capacity(2 + items.len() * 1024);
    text.push(b'[');
    for (index, (page, item)) in items.into_iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(page.text(item));
        text.extend_from_slice(ending.as_bytes());
    }
    text.push(b']');
    Body::plain(text)
}

impl Body {
    /// A text that is compressed when somebody asks for that.
    pub(super) fn plain(text: Vec<u8>) -> Self {
        Self {
            tag: Tag::of(&text),
            identity: text.into(),
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
        }
    }

    /// A list in its full form, compressed as it will be asked for. Takes milliseconds for a long
    /// one.
    pub(super) fn compressed(items: &[BudgetCaseView], likely: Likely) -> serde_json::Result<Self> {
        Ok(Self::plain(serde_json::to_vec(items)?).prepared(likely))
    }

    fn prepared(self, likely: Likely) -> Self {
        if likely.gzip {
            self.gzip();
        }
        if likely.brotli {
            self.brotli();
        }
        self
    }

    /// A list that is not kept.
    pub(crate) fn of(rows: Vec<CaseListRow>, form: Form) -> Result<Self, StoreError> {
        let text = match form {
            Form::Full => {
                serde_json::to_vec(&rows.into_iter().map(BudgetCaseView::from).collect::<Vec<_>>())
            }
            Form::Light => {
                let items = rows.into_iter().map(CaseListItemView::from);
                serde_json::to_vec(&items.collect::<Vec<_>>())
            }
        };
        text.map(Self::plain).map_err(StoreError::corrupt)
    }

    /// The same bytes under another owner.
    fn share(&self) -> Self {
        Self {
            identity: self.identity.clone(),
            gzip: self.gzip.clone(),
            brotli: self.brotli.clone(),
            tag: self.tag.clone(),
        }
    }

    /// The text itself.
    pub(super) fn identity(&self) -> &Bytes {
        &self.identity
    }

    /// Memory its texts take, by and large.
    pub(super) fn weight(&self) -> u64 {
        bytes(self.identity.len() + self.identity.len() / 4)
    }

    /// What it has been compressed to, one behind the other, as Redis keeps it; nothing for an
    /// encoding that nobody has asked for.
    pub(super) fn pack(&self) -> Vec<u8> {
        let made = |packed: &OnceLock<Bytes>| packed.get().cloned().unwrap_or_default();
        let (gzip, brotli) = (made(&self.gzip), made(&self.brotli));
        let mut packed = Vec::with_capacity(LENGTH_BYTES + gzip.len() + brotli.len());
        packed.extend(u32::try_from(gzip.len()).unwrap_or_default().to_be_bytes());
        packed.extend_from_slice(&gzip);
        packed.extend_from_slice(&brotli);
        packed
    }

    /// What [`Self::pack`] packed; `None` when it is something else.
    pub(super) fn unpack(packed: &Bytes) -> Option<Self> {
        let length: [u8; LENGTH_BYTES] = packed.get(..LENGTH_BYTES)?.try_into().ok()?;
        let end = LENGTH_BYTES + usize::try_from(u32::from_be_bytes(length)).ok()?;
        let gzip = (end <= packed.len()).then(|| packed.slice(LENGTH_BYTES..end))?;
        let brotli = packed.slice(end..);
        let text = if gzip.is_empty() {
            delivery::unpack_brotli(&brotli)?
        } else {
            let mut text = Vec::new();
            GzDecoder::new(&*gzip).read_to_end(&mut text).ok()?;
            text
        };
        let body = Self::plain(text);
        for (made, there) in [(&body.gzip, gzip), (&body.brotli, brotli)] {
            if !there.is_empty() {
                // It is new, so it cannot be set already.
                let _ = made.set(there);
            }
        }
        Some(body)
    }

    /// Answers with the encoding the client likes best, or with 304 when it has this list already.
    pub(super) fn respond(
        &self,
        request: &HttpRequest,
        demand: &Demand,
        now_ms: u64,
    ) -> HttpResponse {
        let is_known = self.tag.is_known(request);
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response.insert_header((header::VARY, "Accept-Encoding"));
        let mut response = if is_known {
            response.finish()
        } else {
            let encoding = delivery::encoding_for(request, self.identity.len());
            let (encoding, bytes) = match encoding {
                ContentEncoding::Brotli => (Some((encoding, &demand.brotli)), self.brotli()),
                ContentEncoding::Gzip => (Some((encoding, &demand.gzip)), self.gzip()),
                _ => (None, &self.identity),
            };
            if let Some((encoding, asked_at)) = encoding {
                asked_at.store(now_ms, Ordering::Relaxed);
                response.insert_header(encoding);
            }
            response.content_type("application/json").body(bytes.clone())
        };
        self.tag.describe(response.headers_mut());
        response
    }

    fn gzip(&self) -> &Bytes {
        self.gzip.get_or_init(|| delivery::gzip(&self.identity))
    }

    fn brotli(&self) -> &Bytes {
        self.brotli.get_or_init(|| delivery::brotli(&self.identity))
    }
}

/// Weighs composed lists by the bytes of what was asked for and of the answer.
#[derive(Clone)]
pub(super) struct Weight;

impl quick_cache::Weighter<BodyKey, Arc<Body>> for Weight {
    fn weight(&self, key: &BodyKey, body: &Arc<Body>) -> u64 {
        let CaseListFilters { status, case_type, search, division, case_ids, .. } = &key.filters;
        let texts = [status, case_type, search, division];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let lists = size_of_val(case_ids.as_slice()) + size_of_val(key.pages.as_slice());
        ENTRY_BYTES + bytes(texts + lists) + body.weight()
    }
}

/// A length as a weight.
pub(super) fn bytes(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_a_client_asks_for_weighs_as_well_as_what_it_gets() {
        let search = "s".repeat(8000);
        let filters = CaseListFilters { search: Some(search), ..CaseListFilters::default() };
        let key = BodyKey::new(&[], filters, ListScope::Everything, Form::Full);
        let weight = quick_cache::Weighter::weight(&Weight, &key, &Body::plain("[]".into()).into());
        assert!(weight > 9000, "{weight}");
    }

    #[test]
    fn a_packed_body_is_the_same_when_unpacked() {
        let text = br#"[{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]"#;
        for (gzip, brotli) in [(true, false), (false, true), (true, true)] {
            let likely = Likely { gzip, brotli };
            let body = Body::plain(text.to_vec()).prepared(likely);
            let packed = body.pack();
            let unpacked = Body::unpack(&packed.clone().into()).unwrap();
            assert_eq!((unpacked.identity(), &unpacked.tag), (body.identity(), &body.tag));
            assert_eq!(
                (unpacked.gzip.get(), unpacked.brotli.get()),
                (body.gzip.get(), body.brotli.get())
            );
            for cut in 0..packed.len() / 2 {
                assert!(Body::unpack(&packed[..cut].to_vec().into()).is_none(), "{cut}");
            }
        }
    }

    #[test]
    fn a_list_is_compressed_beforehand_only_as_somebody_has_asked_for_it_lately() {
        let demand = Demand::default();
        assert_eq!(demand.since(0), Likely { gzip: false, brotli: true });
        let body = Body::plain(format!("[{}1]", "12345,".repeat(1000)).into_bytes());
        let asking = |accepted: &str| {
            let request = TestRequest::get().insert_header(("accept-encoding", accepted));
            request.to_http_request()
        };
        body.respond(&asking("gzip"), &demand, 5_000);
        body.respond(&asking("gzip, deflate, br"), &demand, 70_000);
        assert_eq!(demand.since(4_000), Likely { gzip: true, brotli: true });
        assert_eq!(demand.since(60_000), Likely { gzip: false, brotli: true });
        body.respond(&asking("gzip"), &demand, 90_000);
        assert_eq!(demand.since(80_000), Likely { gzip: true, brotli: false });
    }
}
