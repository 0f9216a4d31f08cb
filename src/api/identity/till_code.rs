//! The code with which a device enrols as a till: scanned off a screen, or typed from it.

use sha2::{Digest as _, Sha256};

use crate::domain::id::Id;
use crate::pii::Vault;

/// Crockford's base 32, which leaves out the letters that are mistaken for others.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: 100 bits.
const CHARACTERS: usize = 20;
/// Characters between two hyphens.
const GROUP: usize = 5;

/// The code that follows from the request which asks for it, so that a repeat shows the same one and nothing of it need
/// be kept. Nobody can derive it without the service's own key.
pub fn of_request(vault: &Vault, request: Id) -> String {
    let halves = ["till code", "till code 2"].map(|kind| *vault.lookup(kind, &request.to_string()).as_bytes());
    let bytes = halves.iter().flatten().take(CHARACTERS);
    let letters: Vec<char> = bytes.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// What is known of a code, however it was typed: small letters, spaces and hyphens make no difference, nor does O for 0
/// and I or L for 1.
pub fn digest(code: &str) -> [u8; 32] {
    let plain = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    let read = plain.map(|letter| match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    Sha256::digest(read.collect::<String>()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_follows_from_its_request_and_the_services_key() {
        let vault = Vault::ephemeral().unwrap();
        let code = of_request(&vault, Id::digest(&["1"]));
        assert_eq!(code, of_request(&vault, Id::digest(&["1"])));
        assert_ne!(code, of_request(&vault, Id::digest(&["2"])));
        assert_ne!(code, of_request(&Vault::ephemeral().unwrap(), Id::digest(&["1"])));
        let groups: Vec<&str> = code.split('-').collect();
        assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == GROUP), "{code}");
        assert!(code.bytes().all(|byte| byte == b'-' || LETTERS.contains(&byte)), "{code}");
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = digest("0123K-4567M-89ABC-1DEF0");
        for typed in ["0123k4567m89abc1def0", " o123K 4567M 89ABC lDEFO ", "OI23K-4567M-89ABC-iDEFo"] {
            assert_eq!(digest(typed), code, "{typed}");
        }
        for other in ["", "0123K-4567M-89ABC-1DEF", "0123K-4567M-89ABC-1DEF1", "0123K.4567M-89ABC-1DEF0"] {
            assert_ne!(digest(other), code, "{other}");
        }
    }
}
