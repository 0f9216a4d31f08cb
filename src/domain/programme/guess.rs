//! Which known word was meant by one that is not known.

/// The known word that differs from `name` in the fewest letters, if in a third of them at most; capitals do not count.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::osa_distance(&name, &word.to_lowercase()), word))
        .filter(|(distance, word)| distance * 3 <= word.chars().count().max(name.chars().count()).max(3))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_guessed() {
        let known = ["percent", "cap", "fixed", "when", "CCC"];
        let cases = [
            ("precent", Some("percent")),
            ("percentage", Some("percent")),
            ("Cap", Some("cap")),
            ("ccc", Some("CCC")),
            ("wen", Some("when")),
            ("rate", None),
            ("上限", None),
            ("", None),
        ];
        for (name, meant) in cases {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
    }
}
