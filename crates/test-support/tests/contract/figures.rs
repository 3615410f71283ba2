//! Figures of department lists (contract 20, E88).

use chrono::{DateTime, Utc};
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::portal::{User, anonymous, assert_problem_document, id_of, unknown_id};
use test_support::{Answer, Http};

use crate::pictures::{DRAWING, Part, file, form, picture, post_form, text};

/// A list of the demo data, and a section of it for figures.
struct Place {
    user: User,
    list: String,
    section: String,
}

impl Place {
    /// Finds a list with a section for figures, as somebody who works with lists sees it.
    async fn find() -> Self {
        let user = User::sign_in("fin.kld@test.no").await;
        let lists = user.http.get("/api/department-lists").await.assert_status(200).json();
        // The oldest one: newer ones belong to other tests, which may delete them.
        let oldest = lists.as_array().and_then(|lists| lists.last()).expect("a list");
        let list = id_of(oldest).to_owned();
        let whole = user.http.get(&format!("/api/department-lists/{list}")).await;
        let whole = whole.assert_status(200).json();
        let section = find_section(&whole["sections"], "figure_placeholder").expect("a section");
        let section = id_of(section).to_owned();
        Self { user, list, section }
    }

    fn path(&self) -> String {
        format!("/api/department-lists/{}/figures", self.list)
    }

    async fn post(&self, parts: &[Part<'_>]) -> Answer {
        self.post_as(&self.user.http, parts).await
    }

    async fn post_as(&self, http: &Http, parts: &[Part<'_>]) -> Answer {
        post_form(http, &self.path(), form(parts)).await
    }

    /// What the section holds.
    async fn content(&self) -> Value {
        let path = format!("/api/department-lists/{}", self.list);
        let list = self.user.http.get(&path).await.assert_status(200).json();
        let section = find(&list["sections"], &|section| section["id"] == self.section.as_str());
        let content = &section.expect("the section")["contentJson"];
        serde_json::from_str(content.as_str().expect("content")).expect("JSON")
    }
}

fn find_section<'a>(sections: &'a Value, kind: &str) -> Option<&'a Value> {
    find(sections, &|section| section["sectionType"] == kind)
}

fn find<'a>(sections: &'a Value, is_it: &dyn Fn(&Value) -> bool) -> Option<&'a Value> {
    sections.as_array()?.iter().find_map(|section| {
        if is_it(section) { Some(section) } else { find(&section["children"], is_it) }
    })
}

#[tokio::test]
async fn e88_a_figure_is_201_with_exactly_the_contracts_keys() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    let parts = [
        file("figur.png", &content),
        text("sectionId", &place.section),
        text("caption", "Utslipp av klimagasser, 1990–2026"),
    ];
    let answer = place.post(&parts).await;
    let figure = answer.assert_status(201).json();
    let keys: Vec<&String> = figure.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        [
            "caption",
            "fileType",
            "fileUrl",
            "id",
            "sectionId",
            "sortOrder",
            "uploadedAt",
            "uploadedBy",
            "widthPercent"
        ]
    );
    assert_eq!(figure["caption"], "Utslipp av klimagasser, 1990–2026");
    assert_eq!(figure["sectionId"], place.section.as_str());
    assert_eq!(figure["uploadedBy"], place.user.profile["id"]);
    assert_eq!((&figure["widthPercent"], &figure["sortOrder"]), (&json!(100), &json!(0)));
    assert_eq!(answer.header("location"), figure["fileUrl"].as_str().expect("an address"));
    let uploaded: DateTime<Utc> =
        figure["uploadedAt"].as_str().expect("a time").parse().expect("a time");
    assert!((Utc::now() - uploaded).num_seconds().abs() < 60);
}

#[tokio::test]
async fn e88_each_accepted_type_is_served_among_the_figures() {
    let place = Place::find().await;
    let (png, jpeg) = (picture(ImageFormat::Png), picture(ImageFormat::Jpeg));
    for (name, content, extension, media_type) in [
        ("figur.png", png.as_slice(), "png", "image/png"),
        ("figur.jpg", &jpeg, "jpg", "image/jpeg"),
        ("figur.JPEG", &jpeg, "jpeg", "image/jpeg"),
        ("figur.svg", DRAWING.as_bytes(), "svg", "image/svg+xml"),
    ] {
        let parts = [file(name, content), text("sectionId", &place.section)];
        let figure = place.post(&parts).await.assert_status(201).json();
        assert_eq!(figure["fileType"], extension);
        let url = figure["fileUrl"].as_str().expect("an address");
        assert!(url.starts_with("/uploads/figures/") && url.ends_with(extension), "{url}");
        let answer = anonymous().get(url).await;
        assert_eq!(answer.assert_status(200).header("content-type"), media_type);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let as_image = url.replace("/figures/", "/images/");
        anonymous().get(&as_image).await.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e88_a_figure_without_a_caption_has_null() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    let parts = [text("sectionId", &place.section), file("figur.png", &content)];
    let figure = place.post(&parts).await.assert_status(201).json();
    assert_eq!(figure["caption"], Value::Null);
}

#[tokio::test]
async fn e88_the_sections_content_gets_the_figures_address_and_caption() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    let section = place.section.to_uppercase();
    let parts = [
        file("figur.png", &content),
        text("sectionId", &section),
        text("caption", "Sektordiagram"),
    ];
    let figure = place.post(&parts).await.assert_status(201).json();
    let held = place.content().await;
    // Another test may have added one since; it has an address all the same.
    let url = held["file_url"].as_str().expect("an address");
    assert!(url.starts_with("/uploads/figures/"), "{held}");
    assert!(held.as_object().expect("an object").contains_key("caption"), "{held}");
    assert_eq!(figure["sectionId"], place.section.as_str());
}

#[tokio::test]
async fn e88_a_drawing_is_cleaned_as_an_image_is() {
    let place = Place::find().await;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\">\
        <script>alert(1)</script><rect/></svg>";
    let parts = [file("figur.svg", svg.as_bytes()), text("sectionId", &place.section)];
    let figure = place.post(&parts).await.assert_status(201).json();
    let url = figure["fileUrl"].as_str().expect("an address");
    let text = anonymous().get(url).await.assert_status(200).text();
    assert!(text.contains("<rect") && !text.contains("alert"), "{text}");
}

#[tokio::test]
async fn e88_types_that_are_only_images_are_400() {
    let place = Place::find().await;
    for (name, format) in [
        ("figur.gif", ImageFormat::Gif),
        ("figur.webp", ImageFormat::WebP),
        ("figur.png", ImageFormat::Gif),
        ("figur.txt", ImageFormat::Png),
    ] {
        let content = picture(format);
        let parts = [file(name, &content), text("sectionId", &place.section)];
        let problem = place.post(&parts).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["message"], "Filen må være PNG, SVG eller JPEG.", "{name}");
    }
}

#[tokio::test]
async fn e88_a_drawing_that_is_not_well_formed_is_400() {
    let place = Place::find().await;
    let parts = [file("figur.svg", b"<svg><g></svg>"), text("sectionId", &place.section)];
    place.post(&parts).await.assert_problem(400, "/problems/invalid-request");
}

#[tokio::test]
async fn e88_a_section_of_another_list_or_of_none_is_400() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    for section in [unknown_id(), "tull".to_owned(), String::new()] {
        let parts = [file("figur.png", &content), text("sectionId", &section)];
        let answer = place.post(&parts).await;
        let problem = answer.assert_problem(400, "/problems/invalid-request");
        assert_problem_document(&answer, &section);
        assert_eq!(problem["errors"][0]["pointer"], "/sectionId", "{section}");
    }
}

#[tokio::test]
async fn e88_a_form_without_its_section_or_file_is_400() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    let problem = place.post(&[file("figur.png", &content)]).await;
    let problem = problem.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/sectionId");
    let problem = place.post(&[text("sectionId", &place.section)]).await;
    let problem = problem.assert_problem(400, "/problems/invalid-request");
    assert_eq!(problem["errors"][0]["pointer"], "/file");
}

#[tokio::test]
async fn e88_a_caption_that_cannot_be_stored_is_400() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    let long = "a".repeat(100_000);
    for caption in ["a\0b", &long] {
        let parts = [
            file("figur.png", &content),
            text("sectionId", &place.section),
            text("caption", caption),
        ];
        let problem = place.post(&parts).await.assert_problem(400, "/problems/invalid-request");
        assert_eq!(problem["errors"][0]["pointer"], "/caption");
    }
}

#[tokio::test]
async fn e88_a_figure_of_more_than_ten_megabytes_is_413() {
    let place = Place::find().await;
    let content = vec![0; 10 * 1024 * 1024 + 1];
    let parts = [file("figur.png", &content), text("sectionId", &place.section)];
    place.post(&parts).await.assert_problem(413, "/problems/too-large");
}

#[tokio::test]
async fn e88_anything_but_a_form_is_415() {
    let place = Place::find().await;
    let answer = place.user.http.post(&place.path(), &json!({ "caption": "x" })).await;
    answer.assert_problem(415, "/problems/unsupported-media-type");
}

#[tokio::test]
async fn e88_a_list_that_does_not_exist_is_404_before_the_figure_is_looked_at() {
    let place = Place::find().await;
    let path = format!("/api/department-lists/{}/figures", unknown_id());
    for body in [form(&[file("figur.png", b"tull")]), Vec::new()] {
        let answer = post_form(&place.user.http, &path, body).await;
        answer.assert_problem(404, "/problems/not-found");
    }
}

#[tokio::test]
async fn e88_is_for_fin_and_the_administrator_alone() {
    let place = Place::find().await;
    let content = picture(ImageFormat::Png);
    let parts = || [file("figur.png", &content), text("sectionId", &place.section)];
    for email in ["fag.kld@test.no", "budsjett.kld@test.no", "depraad.kld@test.no"] {
        let user = User::sign_in(email).await;
        let answer = place.post_as(&user.http, &parts()).await;
        answer.assert_problem(403, "/problems/forbidden");
        // A refusal says nothing about what was sent.
        let answer = place.post_as(&user.http, &[]).await;
        answer.assert_problem(403, "/problems/forbidden");
    }
    let admin = User::sign_in("admin@test.no").await;
    place.post_as(&admin.http, &parts()).await.assert_status(201);
    place.post_as(&anonymous(), &parts()).await.assert_problem(401, "/problems/unauthenticated");
}

#[tokio::test]
async fn e88_figures_are_only_added() {
    let place = Place::find().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = place.user.http.send(place.user.http.request(method, &place.path())).await;
        answer.assert_problem(405, "/problems/method-not-allowed");
    }
}
