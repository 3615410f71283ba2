//! Drawings that attack (E65): each is sent, fetched again, parsed by another parser than the
//! service's, and must have lost what it attacked with.

use roxmltree::{Document, Node, NodeType};
use test_support::portal::{User, anonymous};

use crate::pictures::{upload, uploaded};

const SVG: &str = "http://www.w3.org/2000/svg";
/// What every attack below tries to reach or run.
const EVIL: [&str; 3] = ["evil", "alert", "javascript"];
/// Elements that the contract removes, in lower case, and two that no drawing needs.
const REMOVED: [&str; 12] = [
    "script",
    "use",
    "iframe",
    "object",
    "embed",
    "foreignobject",
    "animate",
    "animatemotion",
    "animatetransform",
    "set",
    "handler",
    "video",
];

/// Uploads a drawing and returns what is handed out.
async fn cleaned(svg: &str) -> String {
    let url = uploaded(&User::fag("kld").await, "figur.svg", svg.as_bytes()).await;
    anonymous().get(&url).await.assert_status(200).text()
}

/// Fails unless what is handed out for `svg` can neither run nor fetch anything.
async fn assert_disarmed(svg: &str) {
    let text = cleaned(svg).await;
    let lower = text.to_lowercase();
    for word in EVIL {
        assert!(!lower.contains(word), "{word} in {text}");
    }
    let drawing = Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    for node in drawing.descendants() {
        assert_ne!(node.node_type(), NodeType::PI, "{text}");
        if node.is_element() {
            assert_harmless(&node, &text);
        }
    }
}

fn assert_harmless(element: &Node<'_, '_>, text: &str) {
    let name = element.tag_name();
    assert_eq!(name.namespace(), Some(SVG), "{text}");
    assert!(!REMOVED.contains(&name.name().to_lowercase().as_str()), "{text}");
    for attribute in element.attributes() {
        let value = attribute.value().to_lowercase();
        assert!(!attribute.name().to_lowercase().starts_with("on"), "{text}");
        if attribute.name() == "href" {
            assert_eq!(name.name(), "a", "{text}");
            let is_link = ["http://", "https://", "#"].iter().any(|way| value.starts_with(way));
            assert!(is_link, "{text}");
        }
        assert_fetches_nothing(&value, text);
    }
    if name.name() == "style" {
        assert_fetches_nothing(&element.text().unwrap_or_default().to_lowercase(), text);
    }
}

fn assert_fetches_nothing(style: &str, text: &str) {
    for address in style.split("url(").skip(1) {
        assert!(address.trim_start().starts_with('#'), "{text}");
    }
    for word in ["@import", "image-set(", "expression(", "-moz-binding"] {
        assert!(!style.contains(word), "{word} in {text}");
    }
}

/// One test for each drawing: `name: "what stands between <svg> and </svg>"`.
macro_rules! disarmed {
    ($($name:ident: $inside:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let svg = format!(
                "<svg xmlns=\"{SVG}\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
                 xmlns:h=\"http://www.w3.org/1999/xhtml\">{}<rect id=\"kjerne\"/></svg>",
                $inside
            );
            assert_disarmed(&svg).await;
            let text = cleaned(&svg).await;
            assert!(text.contains("kjerne"), "the harmless rest is gone: {text}");
        }
    )*};
}

disarmed! {
    e65_svg_script_is_removed: "<script>alert(1)</script><g><script href='https://evil.no/a.js'/></g>";
    e65_svg_script_in_cdata_is_removed: "<script><![CDATA[alert(1)]]></script>";
    e65_svg_script_of_html_is_removed: "<h:script>alert(1)</h:script>";
    e65_svg_script_in_any_case_is_removed: "<SCRIPT>alert(1)</SCRIPT><sCript>alert(1)</sCript>";
    e65_svg_handlers_are_removed: "<rect onclick='alert(1)' onload='alert(1)' ONFOCUS='alert(1)' onEvil='1'/>";
    e65_svg_use_is_removed: "<use href='https://evil.no/a.svg#b'/><use xlink:href='data:image/svg+xml,evil'/>";
    e65_svg_iframe_object_and_embed_are_removed: "<iframe src='https://evil.no'/><object data='evil'/><embed src='evil'/>";
    e65_svg_foreign_object_is_removed: "<foreignObject><h:body onload='alert(1)'><h:iframe src='https://evil.no'/></h:body></foreignObject>";
    e65_svg_animation_is_removed: "<a><animate attributeName='href' values='javascript:alert(1)'/><rect/></a>\
        <animateMotion path='evil'/><animateTransform attributeName='evil'/>";
    e65_svg_set_is_removed: "<rect><set attributeName='onmouseover' to='alert(1)'/></rect>";
    e65_svg_javascript_links_are_removed: "<a href='javascript:alert(1)'><rect/></a><a xlink:href=' JavaScript:alert(1)'><rect/></a>";
    e65_svg_javascript_links_spelled_with_entities_are_removed: "<a href='java&#x73;cript&#58;alert(1)'><rect/></a><a href='java&#10;script:alert(1)'><rect/></a>";
    e65_svg_data_links_are_removed: "<a href='data:text/html,&lt;script>alert(1)&lt;/script>'><rect/></a>";
    e65_svg_protocol_relative_links_are_removed: "<a href='//evil.no'><rect/></a><a href='/evil'><rect/></a>";
    e65_svg_references_of_images_are_removed: "<image href='https://evil.no/pixel.png'/><image xlink:href='data:image/png;base64,evil'/>";
    e65_svg_references_of_filters_and_gradients_are_removed: "<filter id='f'><feImage href='https://evil.no/a'/></filter>\
        <linearGradient href='https://evil.no/a.svg#g'/><textPath xlink:href='evil#t'>a</textPath><tref xlink:href='evil'/>";
    e65_svg_imports_in_a_style_are_removed: "<style>@import url('https://evil.no/a.css'); @import \"//evil.no/b.css\"; rect { fill: red }</style>";
    e65_svg_imports_spelled_with_escapes_are_removed: "<style>@\\69mport 'https://evil.no/a.css'; a { fill: u\\72l(https://evil.no) }</style>";
    e65_svg_imports_in_cdata_and_behind_elements_are_removed: "<style><![CDATA[@import 'https://evil.no/a.css';]]></style>\
        <style>a{}<g/>@import 'https://evil.no/a.css';</style>";
    e65_svg_addresses_in_a_style_are_removed: "<style>rect { fill: url(https://evil.no/a.svg#b) } \
        @font-face { font-family: x; src: url( 'https://evil.no/x.woff2' ) }</style>";
    e65_svg_addresses_in_attributes_are_removed: "<rect fill='url(https://evil.no/a#b)' style='background:URL(//evil.no/c)' \
        mask='url(\"https://evil.no/m#m\")' cursor='url(https://evil.no/c.png), auto'/>";
    e65_svg_other_ways_to_fetch_from_a_style_are_removed: "<rect style=\"background: image-set('https://evil.no/a.png' 1x)\"/>\
        <style>rect { background: -webkit-image-set('https://evil.no/a.png' 1x) }</style>";
    e65_svg_styles_that_once_ran_scripts_are_removed: "<rect style='width: expression(alert(1)); -moz-binding: url(https://evil.no/x)'/>";
    e65_svg_base_and_namespaced_attributes_are_removed: "<g xml:base='https://evil.no/'><a xlink:href='#a' xlink:actuate='onLoad' h:onclick='alert(1)'><rect/></a></g>";
    e65_svg_elements_of_other_vocabularies_are_removed: "<h:img src='x' onerror='alert(1)'/><h:video src='https://evil.no/v'/>\
        <handler xmlns='http://www.w3.org/2001/xml-events' type='evil'>alert(1)</handler>";
    e65_svg_processing_instructions_and_comments_are_removed: "<?xml-stylesheet href='https://evil.no/a.css'?><?evil alert?><!-- alert(1) -->";
    e65_svg_what_carries_links_inside_the_service_cannot_be_forged: "<a data-portal-link='javascript:alert(1)'><rect/></a><image data-portal-link='https://evil.no/a.png'/>";
    e65_svg_metadata_is_removed: "<metadata><r:RDF xmlns:r='http://evil.no/rdf'>alert</r:RDF></metadata>";
}

#[tokio::test]
async fn e65_svg_ordinary_links_gradients_and_styles_stay() {
    let text = cleaned(&format!(
        "<svg xmlns=\"{SVG}\"><defs><linearGradient id=\"g\"><stop offset=\"1\"/></linearGradient>\
         </defs><style>.a {{ fill: #123 }}</style><a href=\"https://regjeringen.no/?a=1&amp;b=2\">\
         <rect class=\"a\" style=\"stroke: url(#g)\" filter=\"url(#f)\"/></a><a href=\"#g\"/></svg>"
    ))
    .await;
    for kept in [
        "href=\"https://regjeringen.no/?a=1&amp;b=2\"",
        "href=\"#g\"",
        ".a { fill: #123 }",
        "stroke: url(#g)",
        "filter=\"url(#f)\"",
        "linearGradient",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
}

#[tokio::test]
async fn e65_svg_cleaning_a_clean_drawing_changes_nothing() {
    let once = cleaned(&format!(
        "<svg xmlns=\"{SVG}\"><a href=\"https://a.no\"><text>Æ &lt; Ø &amp; Å</text></a></svg>"
    ))
    .await;
    assert_eq!(cleaned(&once).await, once);
}

async fn refused(svg: &str) -> String {
    let answer = upload(&User::fag("kld").await, "figur.svg", svg.as_bytes()).await;
    let problem = answer.assert_problem(400, "/problems/invalid-request");
    problem["message"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn e65_svg_that_is_not_well_formed_is_400() {
    for svg in [
        "<svg",
        "<svg xmlns='http://www.w3.org/2000/svg'><g></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'>&udefinert;</svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' a='1' a='2'/>",
        "<svg xmlns='http://www.w3.org/2000/svg'/><svg/>",
        "<svg xmlns='http://www.w3.org/2000/svg'><h:g/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'>\u{1}</svg>",
    ] {
        assert_eq!(refused(svg).await, "SVG-filen er ikke gyldig XML.", "{svg}");
    }
}

#[tokio::test]
async fn e65_svg_of_another_vocabulary_is_400() {
    for svg in [
        "<html/>",
        "<svg xmlns='http://example.no/svg'/>",
        "<g xmlns='http://www.w3.org/2000/svg'/>",
    ] {
        assert_eq!(refused(svg).await, "Filen er ikke en SVG-tegning.", "{svg}");
    }
}

#[tokio::test]
async fn i8_svg_that_multiplies_entities_is_400() {
    let mut entities = "<!ENTITY a0 \"ha\">".to_owned();
    for level in 1..12 {
        let below = format!("&a{};", level - 1).repeat(10);
        entities.extend(["<!ENTITY a", &level.to_string(), " \"", &below, "\">"]);
    }
    let svg = format!("<!DOCTYPE svg [{entities}]><svg xmlns='{SVG}'><text>&a11;</text></svg>");
    assert!(refused(&svg).await.contains("entiteter"));
}

#[tokio::test]
async fn e65_svg_that_reads_files_by_entities_is_400() {
    for entity in [
        "<!ENTITY x SYSTEM \"file:///etc/passwd\">",
        "<!ENTITY x SYSTEM \"http://evil.no/x\">",
        "<!ENTITY % x SYSTEM \"http://evil.no/x\"> %x;",
        "<!ATTLIST svg onload CDATA \"alert(1)\">",
    ] {
        let svg = format!("<!DOCTYPE svg [{entity}]><svg xmlns='{SVG}'><text>&x;</text></svg>");
        assert!(refused(&svg).await.contains("entiteter"), "{entity}");
    }
}

#[tokio::test]
async fn e65_svg_with_a_plain_doctype_loses_it_and_is_kept() {
    let text = cleaned(&format!(
        "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \
         \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><svg xmlns=\"{SVG}\"><g/></svg>"
    ))
    .await;
    assert!(!text.contains("DOCTYPE") && text.contains("<g"), "{text}");
}

#[tokio::test]
async fn i8_svg_that_is_too_deep_or_too_large_inside_is_400() {
    let deep = format!("<svg xmlns='{SVG}'>{}{}</svg>", "<g>".repeat(5_000), "</g>".repeat(5_000));
    let wide = format!("<svg xmlns='{SVG}'>{}</svg>", "<g/>".repeat(300_000));
    let namespaces: Vec<String> =
        (0..150).map(|number| format!(" xmlns:n{number}='http://a'")).collect();
    let namespaces = namespaces.concat();
    let named = format!("<svg xmlns='{SVG}'{namespaces}><g/></svg>");
    for svg in [deep, wide, named] {
        let message = refused(&svg).await;
        assert_eq!(message, "SVG-filen har for mange elementer eller nivåer.");
    }
}

#[tokio::test]
async fn e65_svg_in_utf_16_hides_nothing() {
    let svg =
        format!("<svg xmlns='{SVG}' onload='alert(1)'><script>alert(1)</script><rect/></svg>");
    let mut content = vec![0xff, 0xfe];
    content.extend(svg.encode_utf16().flat_map(u16::to_le_bytes));
    let url = uploaded(&User::fag("kld").await, "figur.svg", &content).await;
    let text = anonymous().get(&url).await.assert_status(200).text();
    assert!(text.contains("<rect") && !text.contains("alert"), "{text}");
}
