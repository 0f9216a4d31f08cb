//! The towns and offices of a division, each of which is to have a collection point.

use serde::Deserialize;

/// A town (镇) or office (管理处, 街道).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Town {
    /// Its name.
    pub name: String,
    /// Its nine-digit code, where it is known.
    #[serde(default)]
    pub code: Option<String>,
}

impl Town {
    /// Whether a record that names its town by name or code is in this one.
    #[must_use]
    pub fn is_named(&self, text: &str) -> bool {
        let text = text.trim();
        text == self.name || self.code.as_deref() == Some(text)
    }
}

/// The list of a division.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Towns {
    /// The division.
    pub division_code: String,
    /// In the order in which they are shown.
    pub towns: Vec<Town>,
}

/// The lists that come with the service.
const KNOWN: &[&str] = &[include_str!("../../towns/360111.toml")];

impl Towns {
    /// Reads a list.
    ///
    /// # Errors
    /// With a sentence for what is no list, has no town, or names one twice.
    pub fn read(text: &str) -> Result<Self, String> {
        let list: Self = toml::from_str(text).map_err(|why| why.message().to_owned())?;
        if list.towns.is_empty() {
            return Err("found no town; expected at least one".to_owned());
        }
        for (at, town) in list.towns.iter().enumerate() {
            let before = &list.towns[..at];
            let codes = |other: &&Town| town.code.is_some() && other.code == town.code;
            if let Some(other) = before.iter().find(|other| other.name == town.name || codes(other)) {
                return Err(format!("found {} again; expected each town once", other.name));
            }
        }
        Ok(list)
    }

    /// A list of nothing, of a division whose towns nobody has written down.
    #[must_use]
    pub fn unknown(division_code: &str) -> Self {
        Self { division_code: division_code.to_owned(), towns: Vec::new() }
    }

    /// Every name by which a record may mean the town that this text means.
    #[must_use]
    pub fn names_of(&self, text: &str) -> Vec<String> {
        match self.towns.iter().find(|town| town.is_named(text)) {
            Some(town) => std::iter::once(town.name.clone()).chain(town.code.clone()).collect(),
            None => vec![text.trim().to_owned()],
        }
    }

    /// The towns one of which a place in a division must be in, where they are known and this text is none of them.
    #[must_use]
    pub fn instead_of(&self, division_code: &str, text: &str) -> Option<String> {
        let known = self.division_code == division_code && !self.towns.is_empty();
        let strange = known && !self.towns.iter().any(|town| town.is_named(text));
        strange.then(|| self.towns.iter().map(|town| town.name.as_str()).collect::<Vec<_>>().join(", "))
    }

    /// The list that comes with the service for a division, where there is one.
    #[must_use]
    pub fn known(division_code: &str) -> Option<Self> {
        let lists = KNOWN.iter().filter_map(|text| Self::read(text).ok());
        lists.into_iter().find(|list| list.division_code == division_code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_that_comes_along_can_be_read() {
        assert!(KNOWN.iter().all(|text| Towns::read(text).is_ok()));
        let list = Towns::known("360111").unwrap();
        assert_eq!(list.towns.len(), 4);
        assert!(list.towns[0].is_named("360111490") && list.towns[0].is_named(" 艾溪湖管理处"));
        assert!(!list.towns[1].is_named("") && !list.towns[1].is_named("昌东"));
        assert_eq!(list.names_of("360111490"), ["艾溪湖管理处", "360111490"]);
        assert_eq!(list.names_of("塘山镇"), ["塘山镇"]);
        assert_eq!(Towns::known("360102"), None);
        assert!(list.instead_of("360111", "火星镇").is_some_and(|names| names.starts_with("艾溪湖管理处, ")));
        assert_eq!((list.instead_of("360111", " 360111490"), list.instead_of("360102", "火星镇")), (None, None));
        assert_eq!(Towns::unknown("360102").instead_of("360102", "火星镇"), None);
    }

    #[test]
    fn what_is_no_list_is_told() {
        let twice = "division_code = \"1\"\ntowns = [{name = \"a\"}, {name = \"a\"}]";
        let codes = "division_code = \"1\"\ntowns = [{name = \"a\", code = \"2\"}, {name = \"b\", code = \"2\"}]";
        for text in ["", "x", "division_code = \"1\"\ntowns = []", twice, codes] {
            assert!(Towns::read(text).is_err(), "{text}");
        }
    }
}
