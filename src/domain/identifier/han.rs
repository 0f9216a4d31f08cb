//! Which characters are Han, as tables: the standard library knows no scripts.

/// Ideographs that names are written with: the unified blocks to extension J, those of the compatibility
/// block that GB 18030-2022 carries, and U+3007.
const IDEOGRAPHS: &[(u32, u32)] = &[
    (0x3007, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFA6D),
    (0xFA70, 0xFAD9),
    (0x2_0000, 0x2_A6DF),
    (0x2_A700, 0x2_B73F),
    (0x2_B740, 0x2_B81D),
    (0x2_B820, 0x2_CEAD),
    (0x2_CEB0, 0x2_EBE0),
    (0x2_EBF0, 0x2_EE5D),
    (0x3_0000, 0x3_134A),
    (0x3_1350, 0x3_2379),
    (0x3_2380, 0x3_3479),
];

/// Radicals, marks and numerals that also belong to the script but stand in nobody's name.
const OTHERS: &[(u32, u32)] = &[
    (0x2E80, 0x2E99),
    (0x2E9B, 0x2EF3),
    (0x2F00, 0x2FD5),
    (0x3005, 0x3005),
    (0x3021, 0x3029),
    (0x3038, 0x303B),
    (0x1_6FE2, 0x1_6FE3),
    (0x1_6FF0, 0x1_6FF1),
    (0x2_F800, 0x2_FA1D),
];

fn within(table: &[(u32, u32)], character: char) -> bool {
    let point = u32::from(character);
    table.iter().any(|&(first, last)| (first..=last).contains(&point))
}

/// Whether a name may hold the character.
pub(super) fn is_ideograph(character: char) -> bool {
    within(IDEOGRAPHS, character)
}

/// Whether the character belongs to the script Han of Unicode.
pub(super) fn is_han(character: char) -> bool {
    is_ideograph(character) || within(OTHERS, character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_ideographs_and_radicals_are_not() {
        for character in ['一', '〇', '\u{4DAE}', '\u{9FFF}', '\u{20164}', '\u{2CE23}', '\u{323AF}'] {
            assert!(is_ideograph(character), "{character}");
        }
        for character in ['⼀', '々', '〡'] {
            assert!(!is_ideograph(character) && is_han(character), "{character}");
        }
        for character in ['A', 'か', '·', '１', '한', '\u{202E}'] {
            assert!(!is_han(character), "{character}");
        }
    }
}
