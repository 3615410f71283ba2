//! The rules of the budget portal, with nothing but the rules.
//!
//! Ministries (FAG) write budget proposals as *cases*, the Ministry of Finance (FIN) assesses
//! them, and the government decides. This crate answers the questions that follow from that, and
//! it answers them as pure functions over values: no clock (pass `now`), no I/O, no async runtime,
//! no HTTP, no SQL. A rule that lives here has one place, one test, and the same answer in every
//! service.
//!
//! | Question | Where |
//! | --- | --- |
//! | What is this value, and can it be trusted? | [`ids`], [`money`], [`department`], [`case_type`], [`content::ContentField`] |
//! | Who is asking? | [`role`]: twelve roles, two sides, who leads |
//! | May this case take that step, and what follows from it? | [`status`]: the contract's 24-row table and [`status::decide`] |
//! | May they see it, edit it, read FIN's text in it? | [`visibility`] |
//! | May they hand it over, place it, ask colleagues about it? | [`permission`] |
//! | Which answers does a request for an opinion take? | [`opinion`] |
//! | May they ask, answer, conclude, take back a comment? | [`dialogue`] |
//! | Which cases may a ministry send to FIN together? | [`submission`] |
//! | Which cases does this filter mean? | [`case_list`], by the same rules as the SQL |
//! | What does a save leave in the database? | [`document`] (the editor's tree), [`content`] (its ten flat texts) |
//! | What does a printed document show of a rich text? | [`rich_text`]: blocks, spans and marks |
//! | What is a template of department lists made of, and what does an edit leave? | [`list_template`] |
//! | Which case goes where in a department list? | [`placement`], the list itself in [`department_list`], what the client makes of it in [`list_render_config`] |
//! | Who holds the lock? | [`lock`]: acquire, heartbeat and release as a model |
//! | May this worker take that export job, and what then? | [`export`], with its rows in [`exported_case`] |
//!
//! What holds throughout:
//!
//! - **Wire words are the only words.** Every enumeration prints, parses and serialises as the
//!   literal of the contract ([`wire`]), so one search finds code, column and payload.
//! - **Parse, don't check.** A [`money::ThousandNok`] never held a fraction, a
//!   [`document::Document`] never held a tree that is too deep or a character the database refuses.
//! - **What a reader may not see, a writer cannot destroy.** Masking and merging are written as a
//!   pair: [`document::without_fin`] hides, [`document::merge_document`] carries forward.
//! - **Deliberately absent:** HTTP status codes, column names, queries, and any notion of *now*.

pub mod case_list;
pub mod case_type;
pub mod content;
pub mod department;
pub mod department_list;
pub mod dialogue;
pub mod document;
pub mod export;
pub mod exported_case;
pub mod ids;
pub mod list_render_config;
pub mod list_template;
pub mod lock;
pub mod money;
pub mod opinion;
pub mod origin;
pub mod permission;
pub mod placement;
pub mod rich_text;
pub mod role;
pub mod status;
pub mod submission;
pub mod visibility;
pub mod wire;
