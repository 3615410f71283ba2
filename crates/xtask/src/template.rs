//! Fills `${NAME}` in configuration templates: the notation that the container images' own
//! `envsubst` uses, so that one template serves this program, Compose and Kubernetes.

use anyhow::{Result, bail};

/// Replaces every `${NAME}`. A name without a value is an error, never an empty string in a
/// server's configuration.
pub(crate) fn render(template: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    if let Some((_, rest)) = text.split_once("${") {
        let name: String = rest.chars().take_while(|c| *c != '}').collect();
        bail!("the template wants a value for {name}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_and_other_dollars_stay() {
        let text = render("listen ${PORT}; set $host;", &[("PORT", "80")]).unwrap();
        assert_eq!(text, "listen 80; set $host;");
    }

    #[test]
    fn a_missing_value_is_named() {
        let error = render("${A} ${B}", &[("A", "1")]).unwrap_err();
        assert_eq!(error.to_string(), "the template wants a value for B");
    }
}
