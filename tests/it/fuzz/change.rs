//! Changed copies of seeds.

/// SplitMix64: the same numbers for the same start.
pub struct Dice(u64);

impl Dice {
    pub fn of(start: u64) -> Self {
        Self(start)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit, 0 where the limit is.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// What readers of text, JSON, TOML and tokens stumble over.
const STUMBLES: [&[u8]; 28] = [
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\\u0000",
    b"\\ud800",
    b"\r\n",
    b"\"",
    b"\\",
    b"{",
    b"[",
    b"}",
    b"]",
    b",",
    b":",
    b"null",
    b"1e999",
    b"-0",
    b"99999999999999999999",
    b"0.1",
    b".",
    b"=",
    b"%00",
    "１２３".as_bytes(),
    "\u{202E}".as_bytes(),
    b"eyJhbGciOiJub25lIn0",
    b"'''",
];

/// A seed with one to four changes.
pub fn changed(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(4) {
        change(dice, seeds, &mut input);
    }
    input
}

fn change(dice: &mut Dice, seeds: &[Vec<u8>], input: &mut Vec<u8>) {
    let at = dice.below(input.len() + 1);
    let (from, to) = part(dice, input.len());
    match dice.below(8) {
        0 if at < input.len() => input[at] ^= 1 << dice.below(8),
        1 if at < input.len() => input[at] = u8::try_from(dice.below(256)).unwrap(),
        2 => drop(input.drain(from..to)),
        3 => input.truncate(at),
        4 => {
            let copy = input[from..to].to_vec();
            input.splice(at..at, copy);
        }
        5 => {
            let other = &seeds[dice.below(seeds.len())];
            let (from, to) = part(dice, other.len());
            input.splice(at..at, other[from..to].to_vec());
        }
        6 => {
            // Deep or long.
            let stumble = STUMBLES[dice.below(STUMBLES.len())];
            input.splice(at..at, stumble.repeat(1 << dice.below(9)));
        }
        _ => {
            let stumble = STUMBLES[dice.below(STUMBLES.len())];
            input.splice(at..at, stumble.iter().copied());
        }
    }
}

/// A part of something so long, of at most 40 bytes.
fn part(dice: &mut Dice, length: usize) -> (usize, usize) {
    let from = dice.below(length + 1);
    (from, length.min(from + dice.below(40)))
}
